"""Right inputs in which bytes were changed, cut out, doubled, or replaced by what parsers stumble over."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

ODD = (
    *(
        b"",
        b"\0",
        b'"',
        b"\\",
        b"{",
        b"[" * 3000,
        b"]",
        b"\xff\xfe",
        b"\xed\xa0\x80",
        b"\xe2\x80\xae",
        b"\r",
        b"\x1b[31m",
    ),
    *(b"null", b"NaN", b"-1", b"1e999", b"9" * 5000, b"0.1", b"true", b"[]", b"{}", b'"\\ud800"', b'"\\u0000"'),
    *(
        b'"../../../etc/passwd"',
        b'"/dev/zero"',
        b'"{source_name}{"',
        b'"{{7*7}}"',
        b"{% for x in y %}",
        b"'''",
        b"[[",
        b"=",
        b"#",
    ),
    *(
        b"\x7f\xff\xff\xff",
        b"\xff" * 8,
        b"\0" * 16,
        b"moov",
        b"mdat",
        b"\0\0\0\1",
        b"\x06\x0e\x2b\x34",
        b"\x1a\x45\xdf\xa3",
    ),
)
"""What parsers stumble over."""

CHANGE = st.tuples(
    st.sampled_from(("replace", "insert", "cut", "double", "flip")),
    st.floats(0, 1, allow_nan=False),
    st.integers(1, 64),
    st.one_of(st.sampled_from(ODD), st.binary(max_size=8)),
)
CHANGES = st.lists(CHANGE, min_size=1, max_size=4)
Change = tuple[str, float, int, bytes]


def damaged(data: bytes, changes: list[Change], reach: int = 1 << 30) -> bytes:
    """The data with changes, at its beginning or end within `reach` bytes."""
    for kind, where, length, odd in changes:
        span = min(len(data), 2 * reach)
        at = int(where * max(span - 1, 0))
        at = at if at < reach else len(data) - (span - at)
        if kind == "replace":
            data = data[:at] + odd + data[at + length :]
        elif kind == "insert":
            data = data[:at] + odd + data[at:]
        elif kind == "cut":
            data = data[:at] + data[at + length :]
        elif kind == "double":
            data = data[: at + length] + data[at:]
        elif data:
            data = data[:at] + bytes([data[at] ^ (1 << length % 8)]) + data[at + 1 :]
    return data


VALUES: tuple[Any, ...] = (
    *(
        None,
        True,
        -1,
        0,
        1e308,
        10**400,
        25.0000001,
        "",
        "\0",
        "..",
        "/",
        "/dev/null",
        "x" * 5000,
        "{source_name}{",
        "{{7}}",
    ),
    *(
        [],
        [[]],
        {},
        {"a": 1},
        ["/a"] * 50,
        ["/a.mov", 1],
        ["", "/"],
        "same_as_source",
        "0x0",
        "99999x99999",
        "1920x1081",
    ),
)
"""What is put in place of a field's value."""


def reshaped(data: bytes, changes: list[Change]) -> bytes:
    """A spec with other values, without fields, and with others."""
    document = json.loads(data)
    for kind, where, length, odd in changes:
        key = sorted(document)[int(where * (len(document) - 1))] if document else "x"
        if kind == "cut":
            document.pop(key, None)
        elif kind == "insert":
            document[odd.decode("latin-1")] = VALUES[length % len(VALUES)]
        else:
            document[key] = VALUES[length % len(VALUES)]
    return json.dumps(document).encode()
