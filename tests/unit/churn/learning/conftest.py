"""Small tables as a supplier might export them, drawn by a fixed seed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest


def supplier_table(rows: int, seed: int = 5) -> pd.DataFrame:
    """About one in six left: by channel, tenure, margin and a steep use of energy. Hashed ids and categories,
    days, long tails with many noughts."""
    draw = np.random.default_rng(seed)

    def hashed(words: str) -> str:
        return hashlib.sha256(words.encode()).hexdigest()[:24]

    channel = draw.choice(5, rows, p=[0.4, 0.3, 0.2, 0.07, 0.03])
    use = np.where(draw.random(rows) < 0.3, 0.0, np.exp(draw.normal(8, 1.7, rows)))
    margin = np.abs(draw.normal(25, 15, rows))
    began = np.datetime64("2016-01-01") - draw.integers(100, 3000, rows)
    tenure = (np.datetime64("2016-01-01") - began).astype(int) / 365
    odds = -2.6 + 1.2 * (channel == 0) - 0.25 * tenure + 0.04 * margin + 0.8 * (use > 9000)
    left = draw.random(rows) < 1 / (1 + np.exp(-odds))
    return pd.DataFrame(
        {
            "id": [hashed(f"c{row}") for row in range(rows)],
            "channel": [hashed(f"channel {one}") for one in channel],
            "use": use.round(1),
            "margin": np.where(draw.random(rows) < 0.03, "", margin.round(2).astype(str)),
            "began_on": began.astype(str),
            "changed_on": (began + draw.integers(0, 90, rows)).astype(str),
            "colour": draw.choice(["red", "green", "blue"], rows),
            "country": "XX",
            "churn": left.astype(int),
        }
    )


@pytest.fixture
def written(tmp_path: Path) -> Callable[[pd.DataFrame | str], Path]:
    """Writes a table, or text as it is, into a file."""

    def write(content: pd.DataFrame | str) -> Path:
        path = tmp_path / "table.csv"
        if isinstance(content, str):
            path.write_text(content, encoding="utf-8")
        else:
            content.to_csv(path, index=False)
        return path

    return write
