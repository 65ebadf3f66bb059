"""Loads Resolve's scripting module, which another process tries first: in a Python that does not suit it, it crashes.

It runs without proxx, in whatever Python Resolve likes, from 3.6 on.
"""

import os
import subprocess
import sys
from importlib import import_module
from typing import Any, Mapping

IMPORT_SECONDS = 30
MODULE = "DaVinciResolveScript"
TRY = "import sys; sys.path.append(sys.argv[1]); import " + MODULE


def tried(scripting: Mapping[str, str]) -> str:
    """Why the module cannot be loaded, empty when it can; Resolve's variables then say where it is.

    `scripting` are the usual places of this system (api, lib); variables that are set already win.
    """
    for variable, key in (("RESOLVE_SCRIPT_API", "api"), ("RESOLVE_SCRIPT_LIB", "lib")):
        os.environ[variable] = os.environ.get(variable) or os.path.expandvars(scripting[key])
    try:
        done = subprocess.run(
            [sys.executable, "-c", TRY, _modules()],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=IMPORT_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return "it takes longer than %d s" % IMPORT_SECONDS
    if done.returncode == 0:
        return ""
    said = done.stdout.decode("utf-8", "replace").strip().splitlines() or ["it said nothing"]
    how = "signal %d" % -done.returncode if done.returncode < 0 else "exit code %d" % done.returncode
    return "%s (%s, Python %s)" % (said[-1], how, sys.version.split()[0])


def scriptapp() -> Any:
    """The running Resolve by the module that was tried; None where there is none."""
    sys.path.append(_modules())
    module: Any = import_module(MODULE)
    return module.scriptapp("Resolve")


def _modules() -> str:
    return os.path.join(os.environ["RESOLVE_SCRIPT_API"], "Modules")
