"""Typesetters, kept: each holds the fonts and the template that it has read."""

from __future__ import annotations

from pathlib import Path
from threading import local

import typst

from utility_crm.kit.paper import FONTS

_mine = local()


def compiler_of(template: Path) -> typst.Compiler:
    """The typesetter of a template, which reads nothing outside the template's folder and no font of the
    machine's. One a thread, since none may be asked by two at once."""
    kept: dict[Path, typst.Compiler] = _mine.__dict__.setdefault("compilers", {})
    if template not in kept:
        fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])
        kept[template] = typst.Compiler(
            input=str(template), root=str(template.parent), font_paths=fonts, ignore_system_fonts=True
        )
    return kept[template]
