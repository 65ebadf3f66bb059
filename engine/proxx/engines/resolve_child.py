"""The process that talks to Resolve: it hears one JSON line after another and answers in such lines; it may be killed.

It runs without proxx, in whatever Python Resolve likes (`python resolve_child.py`), from 3.6 on. Its stdout is kept for
the lines: what native libraries print goes to stderr. With the name of a file that holds a request it only looks at
Resolve (`resolve_look`), answers, and ends.
"""

import json
import os
import select
import signal
import sys
import time
import types
from typing import IO, Any, Callable, Dict, List, Mapping, Optional


def own_stdout() -> "IO[str]":
    """Stdout for us alone: the descriptor 1 that libraries print to becomes stderr."""
    kept = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="backslashreplace")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return kept


def stand_alone() -> None:
    """Let `proxx.engines` be found without running proxx itself, which needs a newer Python."""
    if "proxx" not in sys.modules:
        package = types.ModuleType("proxx")
        package.__dict__["__path__"] = [os.path.dirname(os.path.dirname(os.path.abspath(__file__)))]
        sys.modules["proxx"] = package


class Child:
    """The talk with proxx, and the driver that does what is asked."""

    def __init__(self, out: "IO[str]") -> None:
        self.out, self.rest = out, b""
        self.driver: Any = None
        self.about: Dict[str, Any] = {}

    def tell(self, event: Dict[str, Any]) -> None:
        """Say a line at once."""
        self.out.write(json.dumps(event) + "\n")
        self.out.flush()

    def hear(self) -> Optional[Dict[str, Any]]:
        """The next request; None when there will be no other one."""
        while b"\n" not in self.rest:
            chunk = os.read(0, 1 << 16)
            if not chunk:
                return None
            self.rest += chunk
        line, _, self.rest = self.rest.partition(b"\n")
        found: Dict[str, Any] = json.loads(line.decode("utf-8", "surrogateescape"))
        return found

    def pause(self, seconds: float) -> None:
        """Wait between two looks at a render; a request that comes meanwhile can only be to stop. Raises Trouble."""
        from proxx.engines.resolve_values import Trouble

        if self.rest or select.select([0], [], [], seconds)[0]:
            self.hear()
            raise Trouble("stopped", "", "", "proxx was asked to stop")

    def serve(self) -> None:
        """Do what is asked until nothing is."""
        from proxx.engines.resolve_values import Trouble

        acts: Dict[str, Callable[[Mapping[str, Any]], Any]] = {
            "begin": self.begin, "probe": self.probe, "make": self.make, "close": self.close,
        }  # fmt: skip
        while True:
            request = self.hear()
            if request is None:
                return
            if request["do"] == "stop":  # it crossed the answer to what it should have stopped
                continue
            try:
                self.tell({"event": "done", "answer": acts[request["do"]](request)})
            except Trouble as trouble:
                self.tell({"event": "trouble", "trouble": trouble.document()})
            except Exception as error:
                words = {
                    "kind": "crashed",
                    "call": "",
                    "argument": "",
                    "cause": "%s: %s" % (type(error).__name__, error),
                }
                self.tell({"event": "trouble", "trouble": words})

    def begin(self, request: Mapping[str, Any]) -> Any:
        """Connect: what Resolve is in front of us."""
        from proxx.engines.resolve_contract import wrap
        from proxx.engines.resolve_core import Driver

        self.tell({"event": "call", "number": 0, "call": "scriptapp", "arguments": ["Resolve"]})
        if request["simulated"] is not None:
            found = simulated(request["simulated"], request["contract"])
        else:
            found = real(request["scripting"])
        self.tell({"event": "answered", "number": 0})
        wrapped = wrap(found, request["contract"], self.tell) if found is not None else None
        self.driver = Driver(wrapped, request["job"], self.tell, self.pause, folder_size)
        return self.driver.about

    def probe(self, request: Mapping[str, Any]) -> Any:
        """Look at clips: their indexes, in the order that changes projects least."""
        self.driver.probe(request["clips"])
        return [clip["index"] for clip in self.driver.groups(request["clips"])]

    def make(self, request: Mapping[str, Any]) -> Any:
        """Render a clip."""
        return self.driver.make(request["clip"])

    def close(self, request: Mapping[str, Any]) -> Any:
        """Leave no trace."""
        if self.driver is not None:
            self.driver.close()
        return None


def folder_size(folder: str) -> int:
    """How many bytes lie in a folder."""
    try:
        return sum(entry.stat().st_size for entry in os.scandir(folder))
    except OSError:
        return 0


def real(scripting: Mapping[str, str]) -> Any:
    """The running Resolve. Raises Trouble."""
    from proxx.engines.resolve_loading import MODULE, scriptapp, tried
    from proxx.engines.resolve_values import Trouble

    cause = tried(scripting)
    if cause:
        raise Trouble("import-failed", "import", MODULE, cause)
    return scriptapp()


def simulated(options: Mapping[str, Any], contract: Mapping[str, Any]) -> Any:
    """The simulated Resolve, whose state is kept in a file, so that it outlives us as the real one does."""
    from proxx.engines.simulated import scriptapp
    from proxx.engines.simulated_render import Render
    from proxx.engines.simulated_world import World

    def render(spec: Dict[str, Any]) -> Any:
        return Render(spec, options["ffmpeg"], options["picture"])

    state, traps = read_state(options["state"]), list(options["traps"])
    if state is not None:
        traps = [one for one in traps if not one.startswith("kill:")]  # it was killed already
    return scriptapp(
        World(contract, traps, options["clips"], render, hang, kill, state, lambda now: keep(options["state"], now))
    )


def read_state(path: str) -> Optional[Dict[str, Any]]:
    """The state of the simulated Resolve, None when it is not running yet."""
    if not os.path.exists(path):
        return None
    with open(path, "rb") as handle:
        found: Dict[str, Any] = json.loads(handle.read().decode("utf-8"))
    return found


def keep(path: str, state: Mapping[str, Any]) -> None:
    """Write the state down, whole or not at all."""
    with open(path + ".new", "wb") as handle:
        handle.write(json.dumps(state).encode("utf-8"))
    os.replace(path + ".new", path)


def hang() -> None:
    """Never come back."""
    while True:
        time.sleep(3600)


def kill() -> None:
    """End at once, as if by kill -9."""
    os.kill(os.getpid(), signal.SIGKILL)


def main(arguments: List[str]) -> int:
    """Serve, or only look at Resolve as a file with a request asks for it; the exit code."""
    child = Child(own_stdout())
    stand_alone()
    if arguments:
        from proxx.engines.resolve_look import look_as_asked

        look_as_asked(arguments[0], child.tell)
    else:
        child.serve()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
