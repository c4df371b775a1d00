"""An article's text (CommonMark and tables) as HTML that cannot do anything: no HTML of the author's, no
images, links to the web, to mail, telephones and our own articles alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

_ALLOWED = re.compile(
    r"(https?://[^\s<>\"']+|mailto:[^\s<>\"']+|tel:\+?[\d-]+|/help/[a-z0-9-]+|#[\w-]+)\Z", re.I
)
OURS = re.compile(r"/help/([a-z0-9-]+)\Z")
HIGHEST = 3
"""Headings of a text begin below those of the page around it."""


def is_allowed(address: str) -> bool:
    """Whether a text may link there."""
    return _ALLOWED.match(address) is not None


@cache
def _reader(strict: bool) -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False}).enable("table").enable("strikethrough")
    made.disable(["image", "html_block", "html_inline"])
    judge: Callable[[str], bool] = is_allowed if strict else _anything
    setattr(made, "validateLink", judge)  # noqa: B010 - so the library is told
    return made


def _anything(_address: str) -> bool:
    return True


def as_html(text: str) -> str:
    """The text as HTML. What is not understood, HTML of any kind and links elsewhere stay as they were typed,
    escaped."""
    reader = _reader(strict=True)
    tokens = reader.parse(text)
    for token in _every(tokens):
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1:]) + HIGHEST - 1)}"
        if token.type == "link_open" and str(token.attrs.get("href", "")).lower().startswith("http"):
            token.attrSet("rel", "noopener noreferrer nofollow")
        token.attrs.pop("style", None)  # tables say their alignment so; the page's policy has none
    return str(reader.renderer.render(tokens, reader.options, {}))


def links_of(text: str) -> list[str]:
    """Every address the text links to, also those it may not."""
    found = (
        str(token.attrs.get("href", ""))
        for token in _every(_reader(strict=False).parse(text))
        if token.type == "link_open"
    )
    return list(dict.fromkeys(found))


def as_plain(text: str) -> str:
    """The words alone, a block a line: what is searched and shown as an excerpt."""
    lines = []
    for token in _reader(strict=True).parse(text):
        if token.type == "inline":
            parts = (_words(child) for child in token.children or ())
            lines.append("".join(parts))
        elif token.type in ("fence", "code_block"):
            lines.append(token.content)
    return "\n".join(line.strip() for line in lines if line.strip())


def _words(token: Token) -> str:
    if token.type in ("softbreak", "hardbreak"):
        return " "
    return token.content


def _every(tokens: Sequence[Token]) -> Iterable[Token]:
    for token in tokens:
        yield token
        yield from _every(token.children or ())
