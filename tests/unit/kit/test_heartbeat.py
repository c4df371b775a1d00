"""A silent worker is found out."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from utility_crm.kit.heartbeat import beat, main, silence_seconds
from utility_crm.kit.settings import settings


def test_a_sign_of_life_ages(tmp_path: Path) -> None:
    assert silence_seconds("clock", tmp_path) == float("inf")
    beat("clock", tmp_path)
    assert silence_seconds("clock", tmp_path) < 10
    long_ago = time.time() - 200
    os.utime(tmp_path / "clock.beat", (long_ago, long_ago))
    assert silence_seconds("clock", tmp_path) == pytest.approx(200, abs=10)


def test_the_health_check_fails_when_it_never_beat_or_is_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UTILITY_CRM_HOME", str(tmp_path))
    settings.cache_clear()
    try:
        assert main(["deliver"]) == 1
        beat("deliver", tmp_path)
        assert main(["deliver"]) == 0
        long_ago = time.time() - 200
        os.utime(tmp_path / "deliver.beat", (long_ago, long_ago))
        assert main(["deliver"]) == 1
        assert main(["deliver", "600"]) == 0
    finally:
        monkeypatch.undo()
        settings.cache_clear()
