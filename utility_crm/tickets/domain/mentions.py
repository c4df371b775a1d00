"""Who is named in a note: "@priya, can you look?"."""

from __future__ import annotations

import re

_NAMED = re.compile(r"(?<![\w@.])@([\w][\w.\-]{0,60}[\w]|[\w])")


def logins_in(text: str) -> list[str]:
    """The logins named in a text, in lower case, each once, in order; an e-mail address names nobody."""
    return list(dict.fromkeys(found.group(1).lower() for found in _NAMED.finditer(text)))
