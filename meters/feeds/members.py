"""The files behind a path: itself, or the members of a zip, opened in place and judged by their content."""

from __future__ import annotations

import codecs
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from meters.domain.problems import Problem, refusal
from meters.feeds.format import NOT_UTF8

HEAD_BYTES = 65_536
MOST_UNPACKED = 2**30
"""Bytes that the members of one zip may have together. A few kilobytes can unpack to a thousand times as
much, and readings stay in memory until their file is known to be sound."""
ZIP_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    NotImplementedError,
    ValueError,
    struct.error,
)
"""What the archive module raises over bytes that are not as they were packed."""

_ZIP_SIGNS = (b"PK\x03\x04", b"PK\x05\x06")
_NAMED = {
    b"%PDF": "a PDF document",
    b"\x1f\x8b": "a gzip archive",
    b"PK\x03\x04": "a zip archive (or a spreadsheet)",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"\x89PNG": "a picture",
}
_TEXT_BYTES = bytes(byte for byte in range(256) if byte >= 32 or byte in b"\t\n\r\f\x1a")


@dataclass(frozen=True, slots=True)
class Member:
    """One file to read: `name` inside its zip (None for a plain file), and the stem of its name."""

    name: str | None
    stem: str
    stream: BinaryIO
    head: bytes


@contextmanager
def opened(path: Path) -> Iterator[Iterator[Member | Problem]]:
    """The members of a path, one at a time; a zip that cannot be opened is one refusing problem."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        file.seek(0)
        if head.startswith(_ZIP_SIGNS):
            yield _unzipped(file)
        else:
            yield iter([Member(None, path.stem, file, head)])


def _unzipped(file: BinaryIO) -> Iterator[Member | Problem]:
    try:
        archive = zipfile.ZipFile(file)
    except ZIP_DAMAGE:
        yield refusal("damaged_zip", "The zip archive is damaged or was cut off; send it again.")
        return
    with archive:
        infos = [
            info
            for info in archive.infolist()
            if not info.is_dir() and not info.filename.startswith("__MACOSX/")
        ]
        if not infos:
            yield refusal("empty_zip", "The zip archive holds no file.")
        # A member that says less than it holds is cut off there, and its checksum fails.
        if sum(info.file_size for info in infos) > MOST_UNPACKED:
            words = f"Unpacked, this zip archive is larger than {MOST_UNPACKED >> 20:,} MB; send it in parts."
            yield refusal("too_large", words)
            return
        for info in infos:
            if info.flag_bits & 0x1:
                yield Problem(
                    "encrypted", "This file is locked with a password.", member=info.filename, refuses=True
                )
                continue
            try:
                with archive.open(info) as stream:
                    buffered = io.BufferedReader(stream, HEAD_BYTES)  # type: ignore[type-var]
                    head = buffered.peek(HEAD_BYTES)
                    stem = PurePosixPath(info.filename).stem
                    yield Member(info.filename, stem, buffered, head)
            except ZIP_DAMAGE as error:
                message = f"This file of the zip archive cannot be unpacked: {error}."
                yield Problem("damaged_zip", message, member=info.filename, refuses=True)


def text_head(head: bytes) -> str | Problem:
    """The first characters of a text in UTF-8, or in one sentence why it is none."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or _looks_utf16(head):
        return refusal("utf16", "This is UTF-16 text; save it as UTF-8 and send it again.")
    for sign, kind in _NAMED.items():
        if head.startswith(sign):
            return refusal("binary", f"This is {kind}, not a text file of readings.")
    if head.translate(None, _TEXT_BYTES):
        return refusal("binary", "This is a binary file, not text.")
    try:
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(head)
    except UnicodeDecodeError as error:
        line = head.count(b"\n", 0, error.start) + 1
        return refusal("encoding", NOT_UTF8, line)
    if not text.strip():
        return refusal("empty", "The file is empty.")
    return text


def _looks_utf16(head: bytes) -> bool:
    """Text in UTF-16 without a mark: every other byte of its Latin letters is nought."""
    sample = head[:2048]
    return (
        len(sample) >= 4
        and max(sample[0::2].count(0), sample[1::2].count(0)) > len(sample) * 0.4
        and not (sample[0::2].count(0) and sample[1::2].count(0))
    )
