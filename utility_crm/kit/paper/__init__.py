"""What papers of every package are set with: the fonts, and what these can show."""

from __future__ import annotations

from pathlib import Path

FONTS = Path(__file__).parent / "templates" / "fonts"
"""Source Sans Pro (SIL Open Font License 1.1), so that a paper looks the same on every machine."""
