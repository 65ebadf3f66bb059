"""Writes documents as JSON that is UTF-8 whatever the names of files hold."""

from __future__ import annotations

import json
import re
from typing import Any

_HALF = re.compile("[\ud800-\udfff]")


def json_text(document: Any, *, indent: int | None = 2, sort_keys: bool = False) -> str:
    """A document as stable JSON text: order as given, final newline.

    A byte of a file name that is no UTF-8 becomes an escape such as \\udcff, which reads back as the same name.
    """
    text = json.dumps(document, indent=indent, ensure_ascii=False, sort_keys=sort_keys, default=str)
    return _HALF.sub(lambda half: f"\\u{ord(half[0]):04x}", text) + "\n"
