"""Who is at what in a watched folder, by leases that a dead watcher loses; and what became of it, in small files."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from filelock import SoftFileLease, Timeout

from proxx.commit import make_folder, write_durably
from proxx.errors import EXIT_USAGE, ProxxError
from proxx.jsonout import json_text
from proxx.ledger import HOME

PLACE = os.path.join(HOME, "watch")


class Claims:
    """The claims of one watcher. A lease is a hint about who works; what makes every proxy once is the ledger.

    The lease of a name is kept as one object: only that has seen for how long another watcher gave no sign of life.
    Watchers that do other things with the same names (`purpose`) do not see each other's.
    """

    def __init__(self, folder: str, seconds: float, purpose: str = "") -> None:
        self.place, self.seconds, self.purpose = os.path.join(folder, PLACE), seconds, purpose
        make_folder(self.place)
        self._leases: dict[str, SoftFileLease] = {}

    def take(self, key: str) -> bool:
        """Claim a name; False while another watcher is at it."""
        path = os.path.join(self.place, f"{self._short(key)}.lease")
        lease = self._leases.get(key)
        if lease is None:
            lease = self._leases[key] = SoftFileLease(path, lease_duration=self.seconds, thread_local=False)
        try:
            lease.acquire(timeout=0)
        except Timeout:
            return False
        except ValueError as error:
            hint = "All watchers of a folder need one lease."
            raise ProxxError(f"cannot claim {key}: {error}", hint=hint, exit_code=EXIT_USAGE) from error
        except OSError as error:
            raise ProxxError(f"cannot claim {key}: {error.strerror or error}") from error
        return True

    def release(self, key: str) -> None:
        """Let go of a name."""
        lease = self._leases.pop(key, None)
        if lease is not None:
            lease.release()

    def done(self, key: str) -> Mapping[str, Any] | None:
        """What is written of a name; None when there is nothing, or nothing that can be read."""
        try:
            document = json.loads(
                Path(self.place, f"{self._short(key)}.json").read_bytes().decode("utf-8", "surrogateescape")
            )
        except (OSError, ValueError, RecursionError):
            return None
        return document if isinstance(document, dict) and document.get("key") == key else None

    def note(self, key: str, document: Mapping[str, Any]) -> None:
        """Write down what became of a name, at once and durably."""
        path = os.path.join(self.place, f"{self._short(key)}.json")
        part = f"{path}.{os.getpid()}.tmp"
        write_durably(part, json_text({"format": 1, "key": key, **document}), durable=True)
        os.replace(part, path)

    def _short(self, key: str) -> str:
        return hashlib.sha256(f"{self.purpose}{key}".encode("utf-8", "surrogateescape")).hexdigest()[:32]
