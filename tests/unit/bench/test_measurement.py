"""What `make bench` promises: the ratio, the bar, and the shape of build/bench.json."""

from __future__ import annotations

import json

import pytest

from bench.measurement import Measurement, Skipped, as_json, peer, side_by_side, table


@pytest.mark.parametrize(
    ("better", "ours", "ok"),
    [("higher", 30.0, True), ("higher", 29.9, False), ("lower", 30.0, True), ("lower", 30.1, False)],
)
def test_the_ratio_is_ours_over_the_reference_and_the_bar_counts_as_reached(
    better: str, ours: float, ok: bool
) -> None:
    measured = Measurement("speed, M/s", ours, 10.0, better, 3.0)  # type: ignore[arg-type]
    assert measured.ratio == pytest.approx(ours / 10)
    assert measured.ok is ok
    assert ("MISSED" in table([measured])) is not ok


def test_the_document_has_the_promised_fields() -> None:
    entry = json.loads(as_json([Measurement("time, s", 1.0, 4.0, "lower", 0.5)]))
    assert entry == [
        {
            "name": "time, s",
            "ours": 1.0,
            "reference": 4.0,
            "ratio": 0.25,
            "better": "lower",
            "bar": 0.5,
            "ok": True,
        }
    ]


def test_both_sides_are_called_equally_often_and_in_turns() -> None:
    calls: list[str] = []
    side_by_side(lambda: calls.append("ours"), lambda: calls.append("reference"), rounds=4)
    assert calls[:2] == ["ours", "reference"]
    assert calls[2:] == ["ours", "reference", "reference", "ours"] * 2


def test_a_peer_that_is_not_installed_is_a_reason_to_skip() -> None:
    with pytest.raises(Skipped, match="no-such-peer cannot be imported"):
        peer("no_such_peer", "no-such-peer")
