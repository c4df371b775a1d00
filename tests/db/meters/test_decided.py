"""What a person decided stands until a feed says something new; what a fellow of a zip said stands too."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from meter_files import JUNE, csv_file, nem12_file
from sqlalchemy import text
from sqlalchemy.orm import Session

from meters.actions.rewriting import write_readings
from meters.domain.blocks import Block
from meters.domain.quality import Quality
from meters.domain.units import parse_unit
from meters.feeds import reading
from meters.feeds.spool import Spool
from meters.store.keeping import keep_readings
from tests.db.meters.conftest import Take
from utility_crm.kit.settings import settings

Held = Callable[..., list[int | None]]
NEXT = JUNE + timedelta(days=1)


def put(session: Session, source: str, values: list[int], day: date = JUNE, offset: int = 0) -> None:
    """A person's or a rule's own word for the first intervals of a day of SP1."""
    import numpy as np

    from meters.domain.decimals import MISSING

    micro = np.full(24, MISSING, dtype=np.int64)
    micro[: len(values)] = values
    quality = int(Quality.SUBSTITUTED if source == "edit" else Quality.ESTIMATED)
    name = session.scalar(text("select c.name from channels c order by c.id limit 1")) or "import"
    block = Block("SP1", name, parse_unit("kWh"), "import", offset, day, 60, micro, quality, replaces=False)
    write_readings(session, source, [block], None, "looked at")  # type: ignore[arg-type]


def test_the_same_readings_again_leave_an_edit_alone(
    session: Session, take: Take, held: Held, tmp_path: Path
) -> None:
    take(csv_file(tmp_path, "a.csv", ("SP1", JUNE, [9000, *[1] * 23])), timezone="UTC")
    put(session, "edit", [250_000])
    again = csv_file(tmp_path, "b.csv", ("SP1", JUNE, [9000, *[1] * 23]), ("SP1", NEXT, [1] * 24))
    taken = take(again, timezone="UTC")
    assert (taken.blocks_added, taken.blocks_changed, taken.blocks_unchanged) == (1, 0, 1)
    assert held("SP1", JUNE)[0] == 250_000


def test_another_value_is_news(session: Session, take: Take, held: Held, tmp_path: Path) -> None:
    take(csv_file(tmp_path, "a.csv", ("SP1", JUNE, [9000, *[1] * 23])), timezone="UTC")
    put(session, "edit", [250_000])
    taken = take(csv_file(tmp_path, "b.csv", ("SP1", JUNE, [0.3, *[1] * 22, 2])), timezone="UTC")
    assert taken.blocks_changed == 1
    assert (held("SP1", JUNE)[0], held("SP1", JUNE)[23]) == (300_000, 2_000_000)


def test_news_elsewhere_in_the_day_leaves_the_edit(
    session: Session, take: Take, held: Held, tmp_path: Path
) -> None:
    take(csv_file(tmp_path, "a.csv", ("SP1", JUNE, [9000, *[1] * 23])), timezone="UTC")
    put(session, "edit", [250_000])
    put(session, "edit", [260_000])
    taken = take(csv_file(tmp_path, "b.csv", ("SP1", JUNE, [9000, *[1] * 22, 2])), timezone="UTC")
    assert taken.blocks_changed == 1
    assert (held("SP1", JUNE)[0], held("SP1", JUNE)[23]) == (260_000, 2_000_000)


def test_a_hole_said_again_takes_no_estimate_away(
    session: Session, take: Take, held: Held, tmp_path: Path
) -> None:
    null = nem12_file(tmp_path, "n.csv", ("SP1", JUNE, [0] * 24), ("SP1", NEXT, [1] * 24))
    null.write_text(null.read_text().replace(",A,,,", ",N,,,", 1))
    take(null)
    put(session, "estimate", [500_000] * 24, offset=600)
    more = nem12_file(tmp_path, "m.csv", ("SP1", JUNE, [0] * 24), ("SP1", NEXT, [2] * 24))
    more.write_text(more.read_text().replace(",A,,,", ",N,,,", 1))
    assert take(more).blocks_changed == 1
    assert held("SP1", JUNE, "E1") == [500_000] * 24
    read = nem12_file(tmp_path, "r.csv", ("SP1", JUNE, [3] * 24))
    assert take(read).blocks_changed == 1
    assert held("SP1", JUNE, "E1") == [3_000_000] * 24


def test_a_refused_fellow_takes_nothing_of_a_sound_one(
    session: Session,
    take: Take,
    counts: Callable[[str], int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also where what a zip says is more than memory holds."""
    monkeypatch.setattr(reading, "Spool", partial(Spool, 90_000))  # both, less a little
    days = [(f"NMI{meter}", JUNE + timedelta(days=day), [1] * 48) for meter in range(4) for day in range(30)]
    sound, cut = nem12_file(tmp_path, "a.csv", *days), nem12_file(tmp_path, "b.csv", *days)
    path = tmp_path / "both.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", sound.read_text())
        archive.writestr("b.csv", cut.read_text().removesuffix("900\n"))
    taken = take(path)
    assert (taken.status, taken.blocks_added, counts("blocks")) == ("partial", 120, 120)
    assert [problem["code"] for problem in taken.problems] == ["no_end"]


def test_what_was_let_go_of_can_be_sent_again(
    session: Session,
    take: Take,
    counts: Callable[[str], int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = csv_file(tmp_path, "old.csv", ("SP1", JUNE, [1] * 24))
    take(path, timezone="UTC")
    take(csv_file(tmp_path, "new.csv", ("SP1", JUNE, [2] * 24)), timezone="UTC")
    monkeypatch.setenv("UTILITY_CRM_READINGS_KEPT_MONTHS", "24")
    settings.cache_clear()
    try:
        later = datetime.now(UTC) + timedelta(days=1)
        keep_readings(session, max(later, datetime(2026, 11, 20, tzinfo=UTC)))
    finally:
        monkeypatch.undo()
        settings.cache_clear()
    assert (counts("blocks"), counts("block_history")) == (0, 0)
    assert take(path, timezone="UTC").blocks_added == 1
