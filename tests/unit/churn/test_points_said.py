"""Points with their word."""

from __future__ import annotations

import pytest

from churn.words import Words


@pytest.mark.parametrize(
    ("language", "points", "said"),
    [
        ("en", 1.2, "+1 point"), ("en", 9.4, "+9 points"), ("en", -1.0, "−1 point"), ("ru", 2.0, "+2 пункта"),
        ("ru", 1.0, "+1 пункт"),
    ],
)  # fmt: skip
def test_one_point_is_a_point(language: str, points: float, said: str) -> None:
    assert Words(language).in_points(points) == said
