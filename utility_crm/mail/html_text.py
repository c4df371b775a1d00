"""HTML as a person would read it aloud: text, without what is hidden or runs."""

from __future__ import annotations

import re
from typing import Any

from inscriptis import Inscriptis
from inscriptis.css_profiles import CSS_PROFILES
from inscriptis.model.config import ParserConfig
from lxml import etree, html

_MOST = 2_000_000
"""Characters of HTML that are read; a letter of more is a picture of one."""
_MOST_CELLS = 200_000
"""Rows times the cells of the widest: so many are laid out in columns."""
_MOST_PADDED = 50_000_000
"""Characters times elements: a column is as wide as its longest line in each of its lines."""
_STRICT = ParserConfig(css=CSS_PROFILES["strict"], display_links=True)
_TAG = re.compile(r"<[^<>]*>")
_UNREAD = ("script", "style", "head", "template", "noscript", "svg", "object", "iframe")


def html_to_text(given: str) -> str:
    """Its text, tables in columns, links with their address; without its tags alone where it is too wild."""
    return _laid_out(given[:_MOST]).strip() or _TAG.sub(" ", given[:_MOST])


def _laid_out(given: str) -> str:
    try:
        tree: Any = html.fromstring(given.encode("utf-8", "replace"), parser=_parser())
    except (etree.LxmlError, ValueError):
        return ""
    if not isinstance(tree.tag, str):
        return ""
    for name in _UNREAD:
        for element in list(tree.iter(name)):
            element.drop_tree() if element.getparent() is not None else element.clear()
    if _too_large_to_lay_out(tree):
        return "\n".join(filter(None, (words.strip() for words in tree.itertext())))
    try:
        return str(Inscriptis(tree, _STRICT).get_text())
    except Exception:  # a library on a stranger's markup: whatever it stumbles over, the words are wanted
        return str(tree.text_content())


def _too_large_to_lay_out(tree: Any) -> bool:
    """Whether its tables in columns could take minutes, or all memory, which a stranger may want."""
    rows = [len(row) for row in tree.iter("tr")]
    if not rows:
        return False
    elements = sum(1 for _ in tree.iter())
    return len(rows) * max(rows) > _MOST_CELLS or len(tree.text_content()) * elements > _MOST_PADDED


def _parser() -> html.HTMLParser:
    return html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
