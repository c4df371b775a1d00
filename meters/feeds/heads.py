"""The first characters of a member, by which its format is recognised; or why it is no text."""

from __future__ import annotations

import codecs
import re

from meters.domain.problems import Problem, refusal
from meters.feeds.format import NOT_UTF8
from meters.feeds.members import Member

WORKBOOK = "xlsx-workbook"
"""The head of a spreadsheet in the zipped XML of ECMA-376 (.xlsx). Its reader gets a stream that can seek,
the zip itself; every other head is text of the file."""

_NAMED = {
    b"%PDF": "a PDF document",
    b"\x1f\x8b": "a gzip archive inside an archive",
    b"PK\x03\x04": "a zip archive inside an archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"\x89PNG": "a picture",
}
_TEXT_BYTES = bytes(byte for byte in range(256) if byte >= 32 or byte in b"\t\n\r\f\x1a")
_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z][A-Za-z0-9._-]{0,40})[\"']")


def head_of(member: Member) -> str | Problem:
    """What a format's `recognises` looks at."""
    return WORKBOOK if member.workbook else text_head(member.head)


def text_head(head: bytes) -> str | Problem:
    """The first characters of a text, or in one sentence why it is none.

    Text is UTF-8, but for XML that declares another encoding, and for EDIFACT, whose own service string is
    always ASCII and whose level (UNOC: Latin-1) its reader goes by. What is not plain ASCII in those may come
    out wrong here, and is read anew by their readers.
    """
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or _looks_utf16(head):
        return refusal("utf16", "This is UTF-16 text; save it as UTF-8 and send it again.")
    for sign, kind in _NAMED.items():
        if head.startswith(sign):
            return refusal("binary", f"This is {kind}, not a text file of readings.")
    odd = head.translate(None, _TEXT_BYTES)
    if odd:
        line = head.count(b"\n", 0, head.index(odd[:1])) + 1
        return refusal("binary", "This is a binary file, not text.", line)
    encoding = _encoding(head)
    try:
        decoder = codecs.getincrementaldecoder(encoding)("replace" if encoding != "utf-8-sig" else "strict")
        text = decoder.decode(head)
    except UnicodeDecodeError as error:
        return refusal("encoding", NOT_UTF8, head.count(b"\n", 0, error.start) + 1)
    if not text.strip():
        return refusal("empty", "The file is empty.")
    return text


def _encoding(head: bytes) -> str:
    start = head.removeprefix(codecs.BOM_UTF8).lstrip()
    if start.startswith((b"UNA", b"UNB+")):
        return "latin-1"
    declared = _DECLARED.match(start)
    if declared is None:
        return "utf-8-sig"
    name = declared[1].decode("ascii").lower()
    try:
        found = codecs.lookup(name).name
        plain = b"<?xml".decode(found) == "<?xml"
    except (LookupError, ValueError):
        return "latin-1"  # the markup is readable all the same, and the reader says what is wrong
    if not plain:
        return "latin-1"
    return "utf-8-sig" if found == "utf-8" else found


def _looks_utf16(head: bytes) -> bool:
    """Text in UTF-16 without a mark: every other byte of its Latin letters is nought."""
    sample = head[:2048]
    return (
        len(sample) >= 4
        and max(sample[0::2].count(0), sample[1::2].count(0)) > len(sample) * 0.4
        and not (sample[0::2].count(0) and sample[1::2].count(0))
    )
