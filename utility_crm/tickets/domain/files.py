"""What may hang on a message: names made harmless, sizes, and which kinds of content are taken.

A file is what its bytes say, not what its name or its sender says. Only kinds that a customer sends us are
taken (papers, pictures, tables, text); a program, a page with scripts, an archive or a document with macros
is not (OWASP File Upload Cheat Sheet: allow list, content, name, size).
"""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from dataclasses import dataclass

from utility_crm.kit.errors import Invalid

MOST_BYTES = 10 * 2**20
"""Of one file."""
MOST_FILES = 10
"""With one message."""
LONGEST_NAME = 120

_OFFICE = "application/vnd.openxmlformats-officedocument"
TAKEN: dict[str, tuple[str, ...]] = {
    "application/pdf": ("pdf",),
    "image/png": ("png",),
    "image/jpeg": ("jpg", "jpeg", "jfif"),
    "image/gif": ("gif",),
    "image/webp": ("webp",),
    "image/heic": ("heic", "heif"),
    "image/tiff": ("tif", "tiff"),
    "image/bmp": ("bmp",),
    f"{_OFFICE}.wordprocessingml.document": ("docx",),
    f"{_OFFICE}.spreadsheetml.sheet": ("xlsx",),
    "application/vnd.oasis.opendocument.text": ("odt",),
    "application/vnd.oasis.opendocument.spreadsheet": ("ods",),
    "application/msword": ("doc",),
    "application/vnd.ms-excel": ("xls",),
    "text/plain": ("txt", "csv", "log", "md"),
}
"""Kinds of content that are taken, with the endings of names that fit them."""
RUNS = frozenset((
    "exe", "com", "scr", "pif", "bat", "cmd", "ps1", "psm1", "vbs", "vbe", "js", "jse", "mjs", "wsf",
    "wsh", "hta", "msi", "msp", "cpl", "dll", "jar", "lnk", "url", "reg", "sh", "bash", "py", "pl", "rb",
    "php", "app", "apk", "dmg", "iso", "img", "html", "htm", "xhtml", "shtml", "svg", "xml", "xsl",
    "docm", "dotm", "xlsm", "xltm", "pptm", "xlam", "zip", "rar", "7z", "gz", "tar", "bz2", "xz", "cab",
    "ace", "arj",
))  # fmt: skip
"""Endings that run something, or hide what does, wherever they are opened."""


@dataclass(frozen=True, slots=True)
class Given:
    """A file as somebody gave it: what they call it and its bytes."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """A file as it is kept: a harmless name, and what its bytes are."""

    name: str
    media_type: str
    content: bytes


def harmless_name(name: str) -> str:
    """The last part of a name, without signs that steer a terminal, a header, a path or a reader's eye."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    seen = "".join(sign for sign in last if unicodedata.category(sign)[0] not in "C")
    plain = re.sub(r'[<>:"|?*;%\s]+', " ", seen).strip(" .")
    if len(plain) > LONGEST_NAME:
        stem, dot, ending = plain.rpartition(".")
        plain = stem[: LONGEST_NAME - 12] + dot + ending[:10] if dot else plain[:LONGEST_NAME]
    return plain or "file"


def checked(given: Given, media_type: str) -> Kept:
    """The file as it is kept. media_type: what its bytes are, "" where nobody can tell.

    Raises Invalid: empty, too large, of a kind that is not taken, or named as something that runs.
    """
    name = harmless_name(given.name)
    if not given.content:
        raise Invalid("file_empty", "“%(name)s” is empty.", "files", name=name)
    if len(given.content) > MOST_BYTES:
        words = "“%(name)s” is larger than %(most)s MB."
        raise Invalid("file_large", words, "files", name=name, most=MOST_BYTES >> 20)
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    kind = media_type or _text(given.content)
    endings = TAKEN.get(kind)
    if endings is None or ending in RUNS or has_macros(given.content):
        words = "“%(name)s” is of a kind that is not taken: send papers, pictures, tables or text."
        raise Invalid("file_kind", words, "files", name=name)
    if ending not in endings:
        name = f"{name}.{endings[0]}"
    return Kept(name, kind, given.content)


def _text(content: bytes) -> str:
    """text/plain where the bytes are text and no program or page; else ""."""
    if b"\0" in content or content.startswith(b"#!"):
        return ""
    for encoding in ("utf-8", "cp1251"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        page = re.search(
            r"<\s*(script|html|svg|iframe|object|!doctype|\?php|\?xml)", text[:4096], re.IGNORECASE
        )
        controls = sum(unicodedata.category(sign) == "Cc" and sign not in "\t\r\n\f" for sign in text[:4096])
        return "" if page or controls else "text/plain"
    return ""


def has_macros(content: bytes) -> bool:
    """Whether an office document carries macros, in its old form (OLE) or its new one (a zip)."""
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        return "_VBA_PROJECT".encode("utf-16-le") in content or "VBA".encode("utf-16-le") in content
    return content.startswith(b"PK") and any("vbaproject" in name.lower() for name in inside(content))


def inside(content: bytes) -> list[str]:
    """The names in a zip; none where it cannot be read as one."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as opened:
            return opened.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return []
