"""Which characters the papers' fonts can show. PDF/A forbids a character without a glyph: what no font has is
set as a lozenge, or the paper of whoever has such a name could not be made."""

from __future__ import annotations

import struct
import unicodedata
from collections.abc import Container
from functools import cache
from pathlib import Path

LOZENGE = "◊"


def settable(text: str, known: Container[str]) -> str:
    """The text composed (NFC), without control and format characters, and with a lozenge for each character
    that is not known."""
    shown = []
    for letter in unicodedata.normalize("NFC", text):
        kind = unicodedata.category(letter)
        if letter in "\n\t":
            shown.append(" ")
        elif kind in ("Cc", "Cf"):
            continue
        else:
            shown.append(letter if letter in known else LOZENGE)
    return "".join(shown)


@cache
def characters_of(folder: Path) -> frozenset[str]:
    """The characters that every font of a folder has."""
    fonts = [characters_in(path.read_bytes()) for path in sorted(folder.glob("*.otf"))]
    return frozenset(map(chr, frozenset.intersection(*fonts)))


def characters_in(font: bytes) -> frozenset[int]:
    """The code points of an OpenType font: its `cmap` tables of formats 4 and 12 (OpenType 1.9, cmap)."""
    count = struct.unpack_from(">H", font, 4)[0]
    tables = (struct.unpack_from(">4sLLL", font, 12 + 16 * place) for place in range(count))
    start = next(offset for tag, _, offset, _ in tables if tag == b"cmap")
    found: set[int] = set()
    for place in range(struct.unpack_from(">H", font, start + 2)[0]):
        offset = start + struct.unpack_from(">HHL", font, start + 4 + 8 * place)[2]
        shape = struct.unpack_from(">H", font, offset)[0]
        if shape == 4:
            found |= _of_segments(font, offset)
        elif shape == 12:
            groups = struct.unpack_from(">L", font, offset + 12)[0]
            for group in range(groups):
                first, last, _ = struct.unpack_from(">LLL", font, offset + 16 + 12 * group)
                found.update(range(first, last + 1))
    return frozenset(found)


def _of_segments(font: bytes, offset: int) -> set[int]:
    """Format 4: segments of the first 65,536 code points, each with a delta or a list of glyphs."""
    size = struct.unpack_from(">H", font, offset + 6)[0]
    segments = size // 2
    ends = struct.unpack_from(f">{segments}H", font, offset + 14)
    starts = struct.unpack_from(f">{segments}H", font, offset + 16 + size)
    deltas = struct.unpack_from(f">{segments}H", font, offset + 16 + 2 * size)
    at = offset + 16 + 3 * size
    ranges = struct.unpack_from(f">{segments}H", font, at)
    found = set()
    for place, (first, last) in enumerate(zip(starts, ends, strict=True)):
        for code in range(first, min(last, 0xFFFE) + 1):
            glyph = code
            if ranges[place]:
                glyph = struct.unpack_from(">H", font, at + 2 * place + ranges[place] + 2 * (code - first))[0]
                if not glyph:
                    continue
            if (glyph + deltas[place]) & 0xFFFF:
                found.add(code)
    return found
