"""Every command and option of the command line, each with the function that does it; nothing is loaded to list them."""

from __future__ import annotations

import argparse

from proxx import __version__
from proxx.delivery import REPORTS, read_target
from proxx.exporters import export_parsers, resolve_parsers
from proxx.runoptions import log_options, nle_options, places_option, run_parsers


def parser() -> argparse.ArgumentParser:
    """Every command and option."""
    shared = _shared("rulebook")
    text = "Makes editorial proxies from rules that are data, and proves them."
    top = argparse.ArgumentParser(prog="proxx", description=text, parents=[_shared("rulebook_first")])
    top.add_argument("--version", action="version", version=f"proxx {__version__}")
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def command(name: str, do: str, text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text, parents=[shared])
        made.set_defaults(do=do, formats=("text", "json"))
        return made

    check = command("check", "judging.check_command", "Judge specs and tell everything that is wrong with them.")
    check.add_argument("specs", nargs="+", metavar="SPEC", help="spec files, folders of specs, or - for standard input")
    check.add_argument(
        "--probes",
        metavar="FILE",
        help="use saved facts (proxx probe --format json) where they name a source; a folder: every *.probes.json",
    )
    check.add_argument("--no-media", action="store_true", help="check only what needs no media")
    check.add_argument("--fix", action="store_true", help="mend the specs where one change alone is proved right")
    check.add_argument("--diff", action="store_true", help="show what --fix would change, and change nothing")
    also = "also write a report to a file, such as sarif:proxx.sarif (- is standard output); repeatable"
    check.add_argument("--output", dest="outputs", metavar="FMT:PATH", action="append", type=read_target, help=also)
    check.set_defaults(formats=tuple(REPORTS))
    nle_options(check)
    plan = command("plan", "planning.plan_command", "Show exactly what would run.")
    plan.add_argument("specs", nargs="+", metavar="SPEC", help="spec files (of several, what they share), or -")
    plan.add_argument("--probes", metavar="FILE", help="use these saved facts where they name a source")
    plan.add_argument("--shell", action="store_true", help="print each clip as one line for a shell")
    plan.add_argument("-o", "--output", metavar="FILE", help="write the plan as JSON to this file")
    plan.add_argument("--no-share", action="store_true", help="decode a source for each spec anew")
    nle_options(plan)
    run_parsers(command)
    cancel = command("cancel", "cancelling.cancel_command", "Ask a running job to stop in order, from any machine.")
    text = "the output folder of a job, or one of the documents in it (spec, plan, record)"
    cancel.add_argument("job", metavar="RECORD|PLAN|DIR", help=text)
    log_options(cancel)
    _relink_parser(command("relink", "relinks.relink_command", "Tell whether NLEs swap clips for proxies, anybody's."))
    probe = command("probe", "commands.probe_command", "Tell what files are; with --format json as a probe file.")
    probe.add_argument("files", nargs="+", metavar="FILE", help="media files")
    text = "Tell every timecode and reel of files, which counts and why, and what editing systems read."
    clocks = command("tc", "clocks.tc_command", text)
    clocks.add_argument("files", nargs="+", metavar="FILE", help="media files, Broadcast Wave too")
    decide = command("decide", "asking.decide_command", "Ask any table: row, outcome, why, and why not the others.")
    decide.add_argument("table", metavar="TABLE", help="a table, or a matrix such as pairing or sources")
    decide.add_argument("words", nargs="*", metavar="COLUMN=VALUE", help="a value for each column")
    explain = command("explain", "asking.explain_command", "Explain a finding.")
    explain.add_argument("finding", metavar="FINDING-ID", help="such as pairing/dnxhd-in-mov")
    profiles = command("profiles", "asking.profiles_command", "List the profiles, or show what one makes.")
    profiles.add_argument("name", nargs="?", metavar="NAME", help="a profile's name")
    profiles.add_argument("--origin", action="store_true", help="show every value with the layer and line it is from")
    text = "Check, test, compare or freeze a rulebook."
    _bench_parsers(
        commands.add_parser("rulebook", help=text, description=text, parents=[_shared("rulebook_next")]), shared
    )
    text = "Write a starter: a spec from files, a profile from another or from a finished proxy, a studio's rulebook."
    _new_parsers(commands.add_parser("new", help=text, description=text, parents=[_shared("rulebook_next")]), shared)
    fixture = command(
        "fixture", "foundry.fixture_command", "Make a camera-like test clip of words, and its probe file."
    )
    text = 'what the clip is, such as "1998x1080 24000/1001 tc=00:59:58:20 reel=A001 hlg audio=8xmono"'
    fixture.add_argument("words", nargs="*", metavar="WORD", help=text)
    text = "the clip; its extension says the container, and FILE.probes.json comes beside it"
    fixture.add_argument("-o", "--output", metavar="FILE", required=True, help=text)
    fixture.add_argument("--overwrite", action="store_true", help="take the place of files of these names")
    text = "Hand on what is finished: ALE and CSV of a record, scripts for DaVinci Resolve."
    export_parsers(
        commands.add_parser("export", help=text, description=text, parents=[_shared("rulebook_next")]), shared
    )
    text = "Ask this machine's DaVinci Resolve."
    resolve_parsers(
        commands.add_parser("resolve", help=text, description=text, parents=[_shared("rulebook_next")]), shared
    )
    _docs_parser(commands)
    demo = command(
        "demo", "demo.demo_command", "Make a camera-like clip, check a spec, make and prove a proxy, show the record."
    )
    demo.add_argument("folder", nargs="?", metavar="DIR", help="where to work (a new temporary folder)")
    return top


def _relink_parser(relink: argparse.ArgumentParser) -> None:
    """The command that compares clips with proxies."""
    relink.add_argument("source", metavar="SOURCE", help="a clip, or a folder of clips and all below it")
    words = "its proxy, or the folder of the proxies (it may be the same one, or lie in it)"
    relink.add_argument("proxy", metavar="PROXY", help=words)
    nle_options(relink, "judge for this NLE: premiere, resolve, avid, finalcut (all of them); repeatable")
    words = "compare the contents too: frames, one by one or at some places, and the sound"
    relink.add_argument("--deep", action="store_true", help=words)
    places_option(relink)
    words = "also write a page with pictures and waveforms to this file"
    relink.add_argument("--html", metavar="FILE", help=words)


def _docs_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The command that writes the rulebook's pages."""
    words = "Write the rulebook's own documents: a page for every table, profile, finding and field."
    docs = commands.add_parser("docs", help=words, description=words, argument_default=argparse.SUPPRESS)
    docs.add_argument("-o", "--output", metavar="DIR", required=True, help="the folder of the pages")
    docs.add_argument("--format", choices=("markdown", "html"), help="Markdown (the default), or a site to be searched")
    docs.add_argument("--check", action="store_true", default=False, help="write nothing; exit 1 when pages are stale")
    docs.add_argument("--guide", metavar="DIR", default=None, help="put these hand-written pages (*.md) into the site")
    docs.add_argument(
        "--rulebook", metavar="DIR", action="append", help="lay this rulebook folder over the shipped one"
    )
    alone = "ignore proxx.toml and the environment variable PROXX_RULEBOOK"
    docs.add_argument("--isolated", action="store_true", help=alone)
    docs.set_defaults(do="docs.docs_command", formats=("text", "markdown", "html"))


def _shared(folders: str) -> argparse.ArgumentParser:
    """What every command takes, before and after its name; `folders` keeps what --rulebook says here."""
    shared = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    layer = "lay this rulebook folder over the shipped one, and over those that proxx.toml names; repeatable"
    shared.add_argument("--rulebook", dest=folders, metavar="DIR", action="append", help=layer)
    alone = "ignore proxx.toml and the environment variable PROXX_RULEBOOK"
    shared.add_argument("--isolated", action="store_true", help=alone)
    shared.add_argument("--format", choices=tuple(REPORTS), help="how to print (text); check prints in all of these")
    return shared


def _bench_parsers(bench: argparse.ArgumentParser, shared: argparse.ArgumentParser) -> None:
    """The commands under `proxx rulebook`."""
    layers = argparse.ArgumentParser(add_help=False)
    layers.add_argument(
        "folders", nargs="*", metavar="DIR", help="rulebook folders, laid over the shipped one in order"
    )
    jobs = bench.add_subparsers(title="commands", required=True, metavar="COMMAND")
    words = "Tell every fault: what the tables prove, and what trying each profile shows."
    check = jobs.add_parser("check", help=words, description=words, parents=[shared, layers])
    also = "also write a report to a file; repeatable"
    check.add_argument("--output", dest="outputs", metavar="FMT:PATH", action="append", type=read_target, help=also)
    check.add_argument("--coverage", action="store_true", help="tell each row that no case reaches")
    check.set_defaults(do="workbench.check_command", formats=tuple(REPORTS))
    words = "Run the cases (cases/*.toml) of every layer."
    test = jobs.add_parser("test", help=words, description=words, parents=[shared, layers])
    test.set_defaults(do="workbench.test_command", formats=("text", "json"))
    test.add_argument("--coverage", action="store_true", help="list the rows that no case reaches")
    words = "Show which answers and proxies differ; with one folder: from what is below it, or from its past (--rev)."
    diff = jobs.add_parser("diff", help=words, description=words, argument_default=argparse.SUPPRESS)
    diff.add_argument("old", metavar="A", nargs="?", default=".", help="a rulebook folder (the working one)")
    diff.add_argument("new", metavar="B", nargs="?", default=None, help="the folder to compare it with")
    diff.add_argument("--rev", metavar="REV", default=None, help="compare A with itself at this git revision")
    diff.add_argument(
        "--probes", metavar="FILE", default=None, help="name the clips that change, of a probe file or a folder of them"
    )
    diff.add_argument("--rulebook", metavar="DIR", action="append", help="lay both over this rulebook folder")
    diff.add_argument("--isolated", action="store_true", help="ignore proxx.toml and PROXX_RULEBOOK")
    diff.add_argument("--format", choices=("text", "json", "markdown"), help="how to print (text)")
    diff.set_defaults(do="workbench.diff_command", formats=("text", "json", "markdown"))
    words = "Write the whole rulebook as one file of sorted JSON, with its digest."
    freeze = jobs.add_parser("freeze", help=words, description=words, parents=[shared, layers])
    freeze.set_defaults(do="workbench.freeze_command", formats=("text", "json"))
    freeze.add_argument("-o", "--output", metavar="FILE", help="write to this file")


def _new_parsers(new: argparse.ArgumentParser, shared: argparse.ArgumentParser) -> None:
    """The commands under `proxx new`; none of them writes over a file."""
    kinds = new.add_subparsers(title="commands", required=True, metavar="COMMAND")
    words = "Write a spec from files on disk: two when they need both engines. It is judged before it is written."
    spec = kinds.add_parser("spec", help=words, description=words, parents=[shared])
    spec.add_argument(
        "clips", nargs="+", metavar="CLIP", help="clips, or folders: the clips directly in them, in order"
    )
    text = "the profile of the spec; repeatable, one for each engine"
    spec.add_argument("--profile", dest="profiles", metavar="NAME", action="append", required=True, help=text)
    text = "call and lay out proxies as this NLE finds them: premiere, resolve, avid or finalcut"
    spec.add_argument("--nle", metavar="NAME", help=text)
    text = "the folder that the proxies go to (needed unless the NLE has one beside the clips)"
    spec.add_argument("--out", metavar="DIR", help=text)
    spec.add_argument("--resolution", metavar="SIZE", help="same, half, quarter or WIDTHxHEIGHT (the profile's first)")
    text = "how to name proxies ({source_name}_proxy, or what tells them apart where that does not)"
    spec.add_argument("--name", metavar="TEMPLATE", help=text)
    spec.add_argument("--fps", metavar="RATE", help="conform to this rate (the source's own)")
    text = "write to this file, - for standard output (FOLDER.PROFILE.json here)"
    spec.add_argument("-o", "--output", metavar="FILE", help=text)
    spec.set_defaults(do="newspec.spec_command", formats=("text",))
    words = "Write a profile into a rulebook: a copy of another one, or a draft of what a finished proxy is."
    profile = kinds.add_parser("profile", help=words, description=words, parents=[shared])
    profile.add_argument("name", metavar="NAME", help="the new profile's name")
    source = profile.add_mutually_exclusive_group(required=True)
    source.add_argument("--from", dest="profile", metavar="PROFILE", help="copy this profile")
    source.add_argument("--from-file", metavar="FILE", help="draft from this finished proxy")
    text = "the rulebook folder that gets it (the working folder)"
    profile.add_argument("--in", dest="into", metavar="DIR", help=text)
    profile.set_defaults(do="newprofile.profile_command", formats=("text",))
    words = "Write a studio's rulebook: a folder with one example of each kind, that passes check and test."
    book = kinds.add_parser("rulebook", help=words, description=words, parents=[shared])
    book.add_argument("folder", metavar="DIR", help="a new or empty folder")
    book.add_argument("--name", required=True, help="what the rulebook is called, such as the studio or the show")
    book.set_defaults(do="newrulebook.rulebook_command", formats=("text",))
