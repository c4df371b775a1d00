"""A paper set as PDF/A-2b: the same bytes for the same paper, whatever the clock and the machine's fonts."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

import typst

from billing.documents.paper import Paper

TEMPLATES = Path(__file__).parent / "templates"
STANDARD: Literal["a-2b"] = "a-2b"
"""PDF/A-2b (ISO 19005-2): fonts and colours inside, nothing from outside, made to be kept."""


@cache
def _compiler() -> typst.Compiler:
    """One a process: it keeps the fonts and the read template."""
    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(TEMPLATES / "fonts")]
    )
    return typst.Compiler(
        input=str(TEMPLATES / "bill.typ"), root=str(TEMPLATES), font_paths=fonts, ignore_system_fonts=True
    )


def pdf_of(paper: Paper) -> bytes:
    """The bill as PDF/A-2b."""
    made = _compiler().compile(
        format="pdf", sys_inputs={"bill": paper.document()}, pdf_standards=STANDARD, timestamp=0
    )
    assert isinstance(made, bytes)
    return made


def pictures_of(paper: Paper, ppi: float = 100) -> list[bytes]:
    """Its pages as PNG, to look at."""
    made = _compiler().compile(format="png", ppi=ppi, sys_inputs={"bill": paper.document()})
    assert made is not None
    return [made] if isinstance(made, bytes) else made
