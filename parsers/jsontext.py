"""JSON as servers send it, read within bounds."""

from __future__ import annotations

import json
import re
from typing import Any

MAX_JSON = 4 * 1024 * 1024
"""Bytes; a list of 250 articles has a twentieth of it, and a hostile one takes some thirty times its size in memory."""

_ESCAPE = re.compile(r"\\(?:([\"\\/bfnrt]|u[0-9a-fA-F]{4})|)")


def read_json(data: bytes, *, mend: bool = False) -> Any:
    """The value of a JSON document; None when it is none (or says null), is too long or too deep.

    Raw control characters in strings are let through. `mend` also takes a backslash that escapes nothing for itself.
    """
    if len(data) > MAX_JSON:
        return None
    text = data.decode("utf-8-sig", "replace")
    if mend:
        text = _ESCAPE.sub(lambda found: found[0] if found[1] else r"\\", text)
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None
