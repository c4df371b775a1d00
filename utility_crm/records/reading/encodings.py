"""In which letters a file is written: told by its first bytes, proved by all of them, else guessed."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from pathlib import Path

from charset_normalizer import from_bytes

from utility_crm.kit.errors import Invalid
from utility_crm.web.words import mark

ENCODINGS = ("utf-8", "utf-16", "cp1251", "cp1252", "koi8-r", "cp866")
"""Those a person may choose."""
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_GUESSED = ("cp1251", "cp1252", "koi8_r", "cp866")
_PIECE = 2**20
_SAMPLE = 2**16


@dataclass(frozen=True, slots=True)
class Letters:
    """The encoding, and whether others fit as well: then a person looks at the examples."""

    name: str
    others: tuple[str, ...] = ()


def letters_of(path: Path, told: str, where: str) -> Letters:
    """The encoding of a file; every byte of it has been tried.

    told: what a person says ("" to guess). Raises Invalid where that is wrong, with the line, or where
    nothing fits.
    """
    with path.open("rb") as opened:
        head = opened.read(4)
    by_mark = next((name for sign, name in _MARKS if head.startswith(sign)), "")
    if told and not _same(told, by_mark or told):
        raise Invalid(
            "encoding", mark("The file says by its first bytes that it is %(is)s, not %(told)s."), where,
            **{"is": by_mark, "told": told},
        )  # fmt: skip
    if told or by_mark:
        name = by_mark or told
        if not by_mark and name in ENCODINGS[2:] and _is_utf8(path):
            words = mark("The file is UTF-8; read as %(told)s its letters would be scrambled.")
            raise Invalid("encoding", words, where, told=told)
        line = _stumbles(path, name)
        if line is not None:
            words = mark("The file is not %(told)s: line %(line)s cannot be read as such.")
            raise Invalid("encoding", words, f"{where}, line {line}", told=told or name, line=line)
        return Letters(name)
    return _guess(path, where)


def _guess(path: Path, where: str) -> Letters:
    sample = _sample(path)
    # Of two bytes a letter one is nought wherever it is a figure or a sign, and always the same one.
    halves = {"utf-16-le": sample[1::2], "utf-16-be": sample[::2]}
    wide = [name for name, half in halves.items() if 0 in half]
    if len(wide) == 1 and _is_text(sample, wide[0]) and _stumbles(path, wide[0]) is None:
        return Letters(wide[0])
    if b"\0" in sample:
        raise Invalid("encoding", mark("The file holds binary data, not a table."), where)
    if _stumbles(path, "utf-8") is None:
        return Letters("utf-8")
    fits = [one for one in from_bytes(_telling(path), cp_isolation=list(_GUESSED)) if one.encoding]
    names = [one.encoding.replace("_", "-") for one in fits]
    able = [name for name in names if _stumbles(path, name) is None]
    if not able:
        words = mark("Nobody can tell in which letters the file is written. Save it as CSV UTF-8.")
        raise Invalid("encoding", words, where)
    least = min(one.chaos for one in fits)
    alike = [one.encoding.replace("_", "-") for one in fits if one.chaos == least]
    return Letters(able[0], tuple(name for name in alike if name != able[0] and name in able))


def _is_text(sample: bytes, name: str) -> bool:
    """Whether no sign of it is one that no text has."""
    return all(letter >= " " or letter in "\t\r\n" for letter in sample.decode(name, errors="ignore"))


def _same(one: str, other: str) -> bool:
    plain = {"utf-8-sig": "utf-8", "utf-16-le": "utf-16", "utf-16-be": "utf-16"}
    return plain.get(one, one) == plain.get(other, other)


def _is_utf8(path: Path) -> bool:
    """Whether it is, and says something by it: plain ASCII is any of them."""
    with path.open("rb") as opened:
        return any(not piece.isascii() for piece in iter(lambda: opened.read(_PIECE), b"")) and (
            _stumbles(path, "utf-8") is None
        )


def _stumbles(path: Path, name: str) -> int | None:
    """The first line that cannot be read so; None where all can."""
    decoder, line = codecs.getincrementaldecoder(name)(), 1
    with path.open("rb") as opened:
        for piece in iter(lambda: opened.read(_PIECE), b""):
            try:
                line += decoder.decode(piece).count("\n")
            except UnicodeDecodeError as error:
                return line + error.object[: error.start].count(b"\n")
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return line
    return None


def _sample(path: Path) -> bytes:
    with path.open("rb") as opened:
        return opened.read(_SAMPLE)


def _telling(path: Path) -> bytes:
    """The first lines that are more than ASCII: the others say nothing of the encoding."""
    kept: list[bytes] = []
    size = 0
    with path.open("rb") as opened:
        for line in opened:
            if not line.isascii():
                kept.append(line[:4096])
                size += len(kept[-1])
                if size > _SAMPLE:
                    break
    return b"".join(kept)
