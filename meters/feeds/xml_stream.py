"""XML read as a stream, safely: elements of interest one by one, each forgotten as the next one comes.

No DTD, no entities but XML's own five, no network: a document type declaration refuses the file before the
parser sees it, since an entity bomb needs one and no feed does. Texts beyond 10 MB and nesting beyond 256
refuse it too (libxml2's limits), and so do a tree that grows although nothing in it is of interest, and
megabytes that add nothing to the tree. So what is held is bounded, whatever the file.
"""

from __future__ import annotations

import codecs
import re
from collections import deque
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import BinaryIO, cast

from lxml import etree

from meters.domain.problems import Problem, refusal

__all__ = ["Element", "Rewrite", "elements", "line_of", "local_name"]

Element = etree._Element
"""The only name lxml has for it."""
Rewrite = Callable[[Iterator[bytes]], Iterator[bytes]]

CHUNK_BYTES = 1 << 18
MOST_PROLOG = 1 << 20
MOST_HELD = 1 << 22
"""What the tree of unfinished elements may weigh: characters of text and attributes, and 64 an element."""
MOST_IDLE = 1 << 22
"""Bytes that may go by without adding to the tree: more is one endless tag or comment, held in a buffer."""

_PROLOG = re.compile(rb"(?:\s+|<\?.*?\?>|<!--.*?-->)*", re.DOTALL)
_DECLARED = re.compile(rb"<\?xml\b[^>]*?\bencoding\s*=\s*[\"']([^\"'>]*)[\"']")
_ROOT = re.compile(rb"<[^\s<>!?/]+[\s/>]")
_PEEK = 1024
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # XML 1.0, section 2.2
_NO_LETTER = {
    etree.ErrorTypes.ERR_INVALID_ENCODING,
    etree.ErrorTypes.ERR_INVALID_CHAR,
    etree.ErrorTypes.I18N_CONV_FAILED,
}
_ASCII_KIN = re.compile(r"utf-8|ascii|iso8859-\d+|cp125\d|koi8-[ru]|cp866")
"""Encodings in which a byte below 128 is always that character of ASCII, as Python spells their names."""


def elements(
    stream: BinaryIO, names: Collection[str], rewrite: Rewrite | None = None
) -> Iterator[Element | Problem]:
    """Every element with one of the local `names`, in any namespace, once it is complete: inner before outer.

    An element is good until the next one is asked for; then its content, and its elder siblings, are cleared.
    Its ancestors keep their attributes and their other children. A file that cannot be trusted ends with one
    refusing problem. `rewrite` may change the bytes on their way.
    """
    head = _checked_head(stream)
    if isinstance(head, Problem):
        yield head
        return
    parser = _parser(names)
    fed = _Fed(_encoding(head) or "utf-8")
    chunks = fed.watched(_chunks(head, stream))
    held = _Held()
    try:
        for chunk in rewrite(chunks) if rewrite else chunks:
            parser.feed(chunk)
            for element in _complete(parser):
                held.last = element
                held.moved = True
                yield element
                _forget(element)
            problem = held.grown(len(chunk))
            if problem is not None:
                yield problem
                return
        parser.close()
    except etree.XMLSyntaxError as error:
        yield _unreadable(parser, error, fed)
        return
    for element in _complete(parser):
        yield element
        _forget(element)


def local_name(element: Element) -> str:
    """The name without its namespace; nothing for what is no element."""
    tag = element.tag
    return _local(tag) if isinstance(tag, str) else ""


@lru_cache(maxsize=1024)
def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def line_of(element: Element) -> int:
    """Where an element begins, counted from 1; beyond line 65,534 it may be a line or two too late."""
    return cast("int | None", element.sourceline) or 1


def _parser(names: Collection[str]) -> etree.XMLPullParser:
    return etree.XMLPullParser(
        events=("end",),
        tag=[f"{{*}}{name}" for name in names],
        load_dtd=False,
        no_network=True,
        resolve_entities=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )


def _complete(parser: etree.XMLPullParser) -> Iterator[Element]:
    """Elements that have ended, and nothing else was asked for."""
    return (element for _, element in cast("Iterator[tuple[str, Element]]", parser.read_events()))


def _forget(element: Element) -> None:
    """Clear an element, and take away its elder siblings; it still holds its parent's place itself."""
    element.clear()
    while (elder := element.getprevious()) is not None:
        elder.getparent().remove(elder)  # type: ignore[union-attr]  # it has a younger sibling


@dataclass(slots=True)
class _Held:
    """What the unfinished tree has come to, looked at once a chunk."""

    last: Element | None = None
    moved: bool = False
    unseen: int = 0
    idle: int = 0
    weight: int = 0

    def grown(self, size: int) -> Problem | None:
        """The refusal once a tree that nobody reads is too heavy, or after too many bytes without any."""
        self.unseen += size
        if self.unseen < CHUNK_BYTES:
            return None
        weight = _weight(self.last)
        self.idle = 0 if self.moved or weight != self.weight else self.idle + self.unseen
        self.unseen, self.moved, self.weight = 0, False, weight
        if weight <= MOST_HELD and self.idle <= MOST_IDLE:
            return None
        line = 1 if self.last is None else line_of(self.last)
        words = "The XML goes on for megabytes without anything that belongs in a feed; it is not read on."
        return refusal("too_large", words, line)


def _weight(last: Element | None) -> int:
    """Of the whole tree around an element, counted no further than it may be."""
    weight = 0
    for element in () if last is None else last.getroottree().iter():
        weight += 64 + len(element.text or "") + len(element.tail or "")
        weight += sum(map(len, element.attrib.values()))
        if weight > MOST_HELD:
            break
    return weight


def _checked_head(stream: BinaryIO) -> bytes | Problem:
    """Read until the root element begins; or why the file is refused before the parser sees any of it."""
    head = b""
    while True:
        more = stream.read(CHUNK_BYTES)
        head += more
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in head[:4]:
            return refusal("utf16", "This is UTF-16 text; save it as UTF-8 and send it again.", 1)
        start = len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0
        prolog = _PROLOG.match(head, start)
        end = prolog.end() if prolog else start
        rest = head[end : end + _PEEK]
        line = head.count(b"\n", 0, end) + 1
        if rest[:9].upper() == b"<!DOCTYPE":
            words = "The XML declares a document type (DOCTYPE); a feed needs none, and it is refused unread."
            return refusal("doctype", words, line)
        if _ROOT.match(rest):
            return _wrong_encoding(head) or head
        unfinished = len(rest) < _PEEK or rest.startswith((b"<?", b"<!--"))
        if not more or len(head) > MOST_PROLOG or not unfinished:
            words = "No XML element begins here; the file is not XML, or was cut off."
            return refusal("not_xml", words, line)


def _declared(head: bytes) -> str:
    declared = _DECLARED.match(head.removeprefix(codecs.BOM_UTF8))
    return declared[1].decode("latin-1") if declared else "utf-8"


def _encoding(head: bytes) -> str | None:
    """The encoding as Python spells it, None for one that is not read."""
    try:
        known = codecs.lookup(_declared(head)).name
    except (LookupError, ValueError):
        return None
    return known if _ASCII_KIN.fullmatch(known) else None


def _wrong_encoding(head: bytes) -> Problem | None:
    if _encoding(head) is not None:
        return None
    name = _declared(head)
    words = f"The XML says it is in the encoding {name[:40]!r}, which is not read; save it as UTF-8."
    return refusal("encoding", words, 1)


@dataclass(slots=True)
class _Fed:
    """The bytes that came last, to find the line of one that is no letter: the parser decodes ahead of what
    it reads, and tells the line at which it was reading."""

    encoding: str
    line: int = 1
    last: deque[tuple[int, bytes]] = field(default_factory=lambda: deque(maxlen=3))

    def watched(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.last.append((self.line, chunk))
            self.line += chunk.count(b"\n")
            yield chunk

    def bad_line(self) -> int | None:
        """The line of the first bytes that the encoding does not know, or that are no XML (control letters);
        None where all are sound."""
        first, held = self.last[0][0], b"".join(chunk for _line, chunk in self.last)
        start = 0
        if self.encoding == "utf-8":  # the first chunk held may begin within a letter
            start = next((place for place, byte in enumerate(held[:3]) if byte & 0xC0 != 0x80), 0)
        control = _CONTROL.search(held)
        bad = [control.start()] if control else []
        try:
            codecs.getincrementaldecoder(self.encoding)().decode(held[start:])
        except UnicodeDecodeError as error:
            bad.append(start + error.start)
        return first + held.count(b"\n", 0, min(bad)) if bad else None


def _chunks(head: bytes, stream: BinaryIO) -> Iterator[bytes]:
    yield head
    while chunk := stream.read(CHUNK_BYTES):
        yield chunk


def _unreadable(parser: etree.XMLPullParser, error: etree.XMLSyntaxError, fed: _Fed) -> Problem:
    """Where the parser stopped: at its first fault, which the exception does not always tell."""
    first = next(iter(parser.feed_error_log), None)
    words = str(first.message if first is not None else error.msg).strip().rstrip(".")
    line = first.line if first is not None else error.lineno
    if first is not None and first.type in _NO_LETTER:
        line = fed.bad_line() or line
    return refusal("bad_xml", f"The XML cannot be read from here on: {words}.", line or 1)
