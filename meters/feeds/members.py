"""The files behind a path: itself, what a gzip holds, or the members of a zip, opened in place and judged by
their content."""

from __future__ import annotations

import io
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from gzip import GzipFile
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Literal, cast

from meters.domain.problems import Problem, refusal
from meters.feeds.lines import Unreadable

HEAD_BYTES = 65_536
MOST_UNPACKED = 2**31
"""Bytes that a gzip, or the members of one zip, may unpack to: a few kilobytes can hold a thousand times as
much."""
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    NotImplementedError,
    ValueError,
    struct.error,
)
"""What the archive modules raise over bytes that are not as they were packed."""

_ZIP_SIGNS = (b"PK\x03\x04", b"PK\x05\x06")
_GZIP_SIGN = b"\x1f\x8b"
_WORKBOOK = "xl/workbook.xml"
_IN_MEMORY = 2**24
_PEEK = 2_048

Packing = Literal["zip", "gzip"]

Watch = Callable[[int], None]
"""Told how many bytes of a path have been read."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file to read: `name` inside its zip (None for a plain or a gzipped file), and the stem of its name.

    `packing` is what its bytes are unpacked from as they are read. A workbook (.xlsx, a zip itself) is one
    member of bytes, whose stream can seek; other streams need not.
    """

    name: str | None
    stem: str
    stream: BinaryIO
    head: bytes
    packing: Packing | None = None
    workbook: bool = False


@contextmanager
def opened(
    path: Path, turn: Callable[[bytes], int] | None = None, watch: Watch | None = None
) -> Iterator[Iterator[Member | Problem]]:
    """The members of a path, one at a time; an archive that cannot be opened is one refusing problem. Those
    of a zip come as they stand there, or in the order of `turn(head)`, of the first 2,048 bytes of each."""
    with path.open("rb") if watch is None else _watched(path, watch) as file:
        head = file.read(HEAD_BYTES)
        file.seek(0)
        if head.startswith(_ZIP_SIGNS):
            yield _unzipped(file, path.stem, head, turn)
        elif head.startswith(_GZIP_SIGN):
            yield iter([_gunzipped(file, None, path.stem)])
        else:
            yield iter([Member(None, path.stem, file, head)])


def _watched(path: Path, watch: Watch) -> BinaryIO:
    class Watched(io.FileIO):
        def readinto(self, buffer: Any, /) -> int:
            count = super().readinto(buffer)
            watch(self.tell())
            return count

    return io.BufferedReader(Watched(path), HEAD_BYTES)


def damaged(packing: Packing) -> Problem:
    """What is said of packed bytes that do not unpack to their end."""
    if packing == "gzip":
        return refusal("damaged_gzip", "The gzip archive is damaged or was cut off; send it again.")
    return refusal("damaged_zip", "This file of the zip archive is damaged; send it again.")


def _unzipped(
    file: BinaryIO, stem: str, head: bytes, turn: Callable[[bytes], int] | None
) -> Iterator[Member | Problem]:
    try:
        archive = zipfile.ZipFile(file)
    except DAMAGE:
        yield refusal("damaged_zip", "The zip archive is damaged or was cut off; send it again.")
        return
    with archive:
        infos = [
            info
            for info in archive.infolist()
            if not info.filename.endswith("/") and not info.filename.startswith("__MACOSX/")
        ]
        if not infos:
            yield refusal("empty_zip", "The zip archive holds no file.")
        # A member that says less than it holds is cut off there, and its checksum fails.
        if sum(info.file_size for info in infos) > MOST_UNPACKED:
            yield _too_large("zip")
            return
        if any(info.filename == _WORKBOOK for info in infos):
            file.seek(0)
            yield Member(None, stem, file, head, workbook=True)
            return
        for info in infos if turn is None else _in_turn(archive, infos, turn):
            yield from _zip_member(archive, info)


def _in_turn(
    archive: zipfile.ZipFile, infos: list[zipfile.ZipInfo], turn: Callable[[bytes], int]
) -> list[zipfile.ZipInfo]:
    """The members by their numbers, those of one number as they stand; what cannot be unpacked has none."""

    def number(info: zipfile.ZipInfo) -> int:
        try:
            with archive.open(info) as stream:
                return turn(stream.read(_PEEK))
        except (*DAMAGE, RuntimeError):  # what is wrong with it is said when it is read
            return 0

    return sorted(infos, key=number) if len(infos) > 1 else infos


def _zip_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[Member | Problem]:
    if info.flag_bits & 0x1:
        yield Problem("encrypted", "This file is locked with a password.", member=info.filename, refuses=True)
        return
    try:
        with ExitStack() as stack:
            packed = stack.enter_context(archive.open(info))
            stream = io.BufferedReader(cast("io.RawIOBase", packed), HEAD_BYTES)
            head = stream.peek(HEAD_BYTES)
            stem = PurePosixPath(info.filename).stem
            if head.startswith(_GZIP_SIGN):
                yield _gunzipped(stream, info.filename, stem)
            elif head.startswith(_ZIP_SIGNS):
                copy = stack.enter_context(tempfile.SpooledTemporaryFile(_IN_MEMORY))
                yield _inner_zip(stream, cast("BinaryIO", copy), info.filename, stem, head)
            else:
                yield Member(info.filename, stem, stream, head, "zip")
    except DAMAGE as error:
        message = f"This file of the zip archive cannot be unpacked: {error}."
        yield Problem("damaged_zip", message, member=info.filename, refuses=True)


def _inner_zip(stream: BinaryIO, copy: BinaryIO, name: str, stem: str, head: bytes) -> Member | Problem:
    """A workbook inside a zip, copied so that it can be sought in; a zip inside a zip is not opened."""
    while data := stream.read(HEAD_BYTES):
        copy.write(data)
    copy.seek(0)
    with zipfile.ZipFile(copy) as archive:
        infos = archive.infolist()
    if not any(info.filename == _WORKBOOK for info in infos):
        words = "This is a zip archive inside the zip archive; send it by itself."
        return replace(refusal("binary", words), member=name)
    if sum(info.file_size for info in infos) > MOST_UNPACKED:
        return replace(_too_large("zip"), member=name)
    copy.seek(0)
    return Member(name, stem, copy, head, workbook=True)


def _gunzipped(file: BinaryIO, name: str | None, stem: str) -> Member | Problem:
    """What a gzip holds; the name of its file without the ending of its own is the stem."""
    try:
        stream = io.BufferedReader(_Unpacked(GzipFile(fileobj=file, mode="rb")), HEAD_BYTES)
        head = stream.peek(HEAD_BYTES)
    except (*DAMAGE, Unreadable) as error:
        problem = error.problem if isinstance(error, Unreadable) else damaged("gzip")
        return replace(problem, member=name)
    return Member(name, PurePosixPath(stem).stem, stream, head, "gzip")


class _Unpacked(io.RawIOBase):
    """A gzip's bytes, up to MOST_UNPACKED of them: unlike a zip it cannot say beforehand how many they
    are."""

    def __init__(self, packed: GzipFile) -> None:
        self._packed = packed
        self._given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        count = self._packed.readinto(buffer)
        self._given += count
        if self._given > MOST_UNPACKED:
            raise Unreadable(_too_large("gzip"))
        return count


def _too_large(packing: Packing) -> Problem:
    words = f"Unpacked, this {packing} archive is larger than {MOST_UNPACKED >> 20:,} MB; send it in parts."
    return refusal("too_large", words)
