"""A paper set as PDF/A-2b: the same bytes for the same paper, whatever the clock and the machine's fonts."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from billing.documents.paper import Paper
from utility_crm.kit.paper import FONTS
from utility_crm.kit.paper.glyphs import characters_of, settable
from utility_crm.kit.paper.setting import compiler_of

TEMPLATES = Path(__file__).parent / "templates"
_BILL = TEMPLATES / "bill.typ"
STANDARD: Literal["a-2b"] = "a-2b"
"""PDF/A-2b (ISO 19005-2): fonts and colours inside, nothing from outside, made to be kept."""


def _document(paper: Paper) -> str:
    """The paper with only what the fonts can show."""
    known = characters_of(FONTS)
    return paper.document(lambda text: text if known.issuperset(text) else settable(text, known))


def pdf_of(paper: Paper) -> bytes:
    """The bill as PDF/A-2b."""
    made = compiler_of(_BILL).compile(
        format="pdf", sys_inputs={"bill": _document(paper)}, pdf_standards=STANDARD, timestamp=0
    )
    assert isinstance(made, bytes)
    return made


def pictures_of(paper: Paper, ppi: float = 100) -> list[bytes]:
    """Its pages as PNG, to look at."""
    made = compiler_of(_BILL).compile(format="png", ppi=ppi, sys_inputs={"bill": _document(paper)})
    assert made is not None
    return [made] if isinstance(made, bytes) else made
