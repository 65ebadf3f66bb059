#!/bin/sh
# Sets up what proxx needs on this machine: "setup.sh venv DIR" the virtual environment, "setup.sh ffmpeg" FFmpeg,
# "setup.sh browser" the Chromium that the tests look at the site with.
set -eu

OLDEST_FFMPEG=5.1
ENCODERS="prores_aw prores_ks dnxhd libx264 libx265 libvpx-vp9 libsvtav1 libopus"

say() { printf '%s\n' "$*" >&2; }

fail() {
    for line in "$@"; do say "$line"; done
    exit 1
}

# Run a command as root: directly, or through a sudo that does not ask. Fails where neither may.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@" </dev/null >&2
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        sudo -n "$@" </dev/null >&2
    else
        return 1
    fi
}

manager() {
    for one in apt-get dnf pacman zypper apk brew; do
        if command -v "$one" >/dev/null 2>&1; then
            echo "$one"
            return
        fi
    done
}

# install_words PACKAGE: the command that installs it here.
install_words() {
    case $(manager) in
        apt-get) echo "apt-get install -y $1" ;;
        dnf) echo "dnf install -y $1" ;;
        pacman) echo "pacman -S --noconfirm $1" ;;
        zypper) echo "zypper --non-interactive install $1" ;;
        apk) echo "apk add $1" ;;
        brew) echo "brew install $1" ;;
    esac
}

install() {
    words=$(install_words "$1")
    [ -n "$words" ] || return 1
    say "Installing $1: $words"
    case $words in
        brew*) $words </dev/null >&2 ;;
        apt-get*)
            as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q &&
                as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$1"
            ;;
        pacman*) as_root pacman -Sy --noconfirm "$1" ;;
        *) as_root $words ;; # every word is one argument
    esac
}

# version TOOL: "5 1" from its first line; empty when it is not there, "99 0" for a build that only names a commit.
version() {
    "$1" -version 2>/dev/null | sed -n \
        -e '1s/^ff[a-z]* version n\{0,1\}\([0-9][0-9]*\)\.\([0-9][0-9]*\).*/\1 \2/p;t' \
        -e '1s/^ff[a-z]* version n\{0,1\}\([0-9][0-9]*\)[^0-9].*/\1 0/p;t' \
        -e '1s/^ff[a-z]* version .*/99 0/p'
}

# new_enough TOOL: whether it answers with OLDEST_FFMPEG or newer.
new_enough() {
    found=$(version "$1")
    [ -n "$found" ] || return 1
    [ "${found% *}" -gt "${OLDEST_FFMPEG%.*}" ] ||
        { [ "${found% *}" -eq "${OLDEST_FFMPEG%.*}" ] && [ "${found#* }" -ge "${OLDEST_FFMPEG#*.}" ]; }
}

has_ffmpeg() { new_enough "${PROXX_FFMPEG:-ffmpeg}" && new_enough "${PROXX_FFPROBE:-ffprobe}"; }

shown() { version "$1" | sed -e 's/^99 0$/a development build/' -e 's/ /./'; }

ffmpeg_missing() {
    ffmpeg=$(shown "${PROXX_FFMPEG:-ffmpeg}") ffprobe=$(shown "${PROXX_FFPROBE:-ffprobe}")
    words=$(install_words ffmpeg)
    say "proxx needs ffmpeg and ffprobe $OLDEST_FFMPEG or newer; here are ${ffmpeg:-no} ffmpeg and ${ffprobe:-no} ffprobe."
    if [ -n "${PROXX_FFMPEG-}${PROXX_FFPROBE-}" ]; then
        say "  PROXX_FFMPEG is '${PROXX_FFMPEG-}', PROXX_FFPROBE is '${PROXX_FFPROBE-}': set both to programs, or neither."
        exit 1
    fi
    [ -z "$words" ] || say "  Install it as root: $words"
    [ "$(manager)" != dnf ] || say "  On Fedora it stands in RPM Fusion: https://rpmfusion.org/Configuration"
    say "  Or take a build from https://ffmpeg.org/download.html and set PROXX_FFMPEG and PROXX_FFPROBE to its programs."
    exit 1
}

set_up_ffmpeg() {
    if ! has_ffmpeg; then
        # Programs that were named stay as they are: an installation would not change them.
        [ -n "${PROXX_FFMPEG-}${PROXX_FFPROBE-}" ] || install ffmpeg || ffmpeg_missing
        has_ffmpeg || ffmpeg_missing
    fi
    known=$("${PROXX_FFMPEG:-ffmpeg}" -hide_banner -encoders 2>/dev/null)
    for encoder in $ENCODERS; do
        case $known in
            *" $encoder "*) ;;
            *) say "Note: this ffmpeg has no encoder $encoder; profiles that use it will fail." ;;
        esac
    done
}

# Chromium under any of its names; tests/test_site.py looks for the same ones.
has_browser() {
    for one in "${PROXX_CHROMIUM:-chromium}" chromium-browser google-chrome google-chrome-stable; do
        if command -v "$one" >/dev/null 2>&1; then return; fi
        [ -z "${PROXX_CHROMIUM-}" ] || return 1
    done
    return 1
}

set_up_browser() {
    has_browser || { [ -z "${PROXX_CHROMIUM-}" ] && install chromium && has_browser; } || {
        words=$(install_words chromium)
        [ -z "${PROXX_CHROMIUM-}" ] || say "PROXX_CHROMIUM is '$PROXX_CHROMIUM', which is no program."
        say "The tests of the site need Chromium; proxx itself does not."
        [ -z "$words" ] || say "  Install it as root: $words"
        fail "  Or set PROXX_CHROMIUM to a Chromium or Chrome that is here."
    }
}

# The first Python that is new enough: $PYTHON if it is set, else the usual names.
python() {
    if [ -n "${PYTHON-}" ]; then set -- "$PYTHON"; else set -- python3 python3.14 python3.13 python3.12 python3.11 python; fi
    for one in "$@"; do
        if "$one" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$one"
            return
        fi
    done
    fail "proxx needs Python 3.11 or newer; ${PYTHON:-python3} is not." "  Set PYTHON to one: make PYTHON=/path/to/python3 demo"
}

set_up_venv() {
    python=$(python)
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        # Debian and Ubuntu ship the module apart from Python.
        package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
        if [ "$(manager)" != apt-get ]; then
            fail "$python has no module venv: install a whole Python 3.11 or newer and set PYTHON to it."
        fi
        install "$package" || fail "$python has no module venv. Install it as root: apt-get install -y $package"
    fi
    say "Setting up $1 with $("$python" --version)"
    "$python" -m venv "$1"
    "$1/bin/python" -m pip install --quiet --disable-pip-version-check --editable '.[dev]' </dev/null
}

case ${1-} in
    venv) set_up_venv "${2:-.venv}" ;;
    ffmpeg) set_up_ffmpeg ;;
    browser) set_up_browser ;;
    *) fail "usage: setup.sh venv DIR | setup.sh ffmpeg | setup.sh browser" ;;
esac
