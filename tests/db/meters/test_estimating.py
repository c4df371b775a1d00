"""What an estimate is made from: registers that bound it, the weather, the neighbours, the standard load."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from meters.domain.quality import Quality
from meters.findings.estimating import estimate_readings, proposal
from meters.usage import usage
from utility_crm.customers.tables import Account, Customer, Occupancy
from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.network.temperatures import store_temperatures

FIRST = date(2024, 5, 6)
"""A Monday, which is a holiday in Great Britain."""
DAYS = [FIRST + timedelta(days=day) for day in range(42)]
WHY = {"reason": "A test.", "user_id": None}
Put = Callable[..., int]


@pytest.fixture
def put(session: Session) -> Put:
    """`put("SP1", {day: values})`: a channel with these days; a None is a hole."""
    session.execute(text("select make_block_partitions('2023-01-01', '2025-12-31')"))

    def made(
        code: str, days: dict[date, Sequence[int | None]], premise_id: int | None = None, offset: int = 0
    ) -> int:
        point = session.scalar(
            text("insert into service_points (code, premise_id) values (:code, :premise) returning id"),
            {"code": code, "premise": premise_id},
        )
        channel = session.scalar(
            text(
                "insert into channels (service_point_id, name, unit, direction, offset_minutes) "
                "values (:point, 'import', 'kWh', 'import', :offset) returning id"
            ),
            {"point": point, "offset": offset},
        )
        rows = [{"c": channel, "d": day, "m": list(values)} for day, values in days.items()]
        if rows:
            insert = "insert into blocks (channel_id, day, micro, quality, feed_id) values (:c, :d, :m, 1, 1)"
            session.execute(text(insert), rows)
        assert isinstance(channel, int)
        return channel

    return made


def readings(session: Session, channel: int, day: date, days: int = 1) -> np.ndarray:
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    [table] = usage(session, [channel], start, start + timedelta(days=days))
    assert not table.missing.any()
    return table.micro[0]


def whole(day: date) -> tuple[datetime, datetime]:
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return start, start + timedelta(days=1)


def lives_at(session: Session, premise_id: int, segment: str = "household") -> None:
    customer = Customer(number=f"C{premise_id}", kind="person", name="Ada", segment=segment, since=FIRST)
    session.add(customer)
    session.flush()
    account = Account(number=f"A{premise_id}", customer_id=customer.id, payer_id=customer.id, cycle_day=1,
                      currency="GBP", opened_on=FIRST)  # fmt: skip
    session.add(account)
    session.flush()
    session.add(Occupancy(account_id=account.id, premise_id=premise_id, starts_on=date(2023, 1, 1)))
    session.flush()


@pytest.mark.parametrize("rates", [1, 2])
def test_an_estimate_between_two_reads_adds_up_to_them(session: Session, put: Put, rates: int) -> None:
    gap = DAYS[20]
    channel = put("SP1", {day: [200_000] * 48 for day in DAYS if day != gap})
    counted = 9 * 48 * 200_000 + 7_654_321  # between the 16th and the 26th day, of which one is missing
    for rate in range(rates):
        session.execute(
            text("insert into registers (service_point_id, name, unit, direction) "
                 "select service_point_id, :name, 'kWh', 'import' from channels where id = :id"),
            {"id": channel, "name": f"T{rate + 1}"},
        )  # fmt: skip
        share = counted // rates + (counted % rates if rate else 0)
        for at, figure in ((DAYS[16], 1_000_000), (DAYS[26], 1_000_000 + share)):
            session.execute(
                text(
                    "insert into register_reads "
                    "(register_id, read_at, kind, meter, figure, exponent, feed_id) "
                    "select max(id), :at, 'actual', 'M1', :figure, 0, 1 from registers"
                ),
                {"at": datetime(at.year, at.month, at.day, tzinfo=UTC), "figure": figure},
            )  # fmt: skip
    made = estimate_readings(session, channel, [whole(gap)], **WHY)
    assert (made.intervals, made.left, made.bounded, made.micro) == (48, 0, True, 7_654_321)
    assert int(readings(session, channel, DAYS[16], 10).sum()) == counted
    rule = session.scalar(text("select rule from feeds where id = :id"), {"id": made.feed_id})
    assert rule == "like_days+registers"


def test_the_weather_chooses_among_like_days(session: Session, put: Put, premise) -> None:
    place = premise("P1")
    gap = DAYS[22]
    cold = {gap, DAYS[15], DAYS[17], DAYS[29], DAYS[31]}
    micro = {day: [900_000 if day in cold else 200_000] * 48 for day in DAYS}
    channel = put("SP1", {day: values for day, values in micro.items() if day != gap}, place)
    by_calendar = proposal(session, channel, [whole(gap)])
    assert by_calendar.micro < 48 * 600_000
    degrees = [[-5_000 if day in cold else 12_000] * 24 for day in DAYS]
    store_temperatures(session, "A-P1", DAYS, degrees)
    by_weather = proposal(session, channel, [whole(gap)])
    assert by_weather.micro >= 46 * 900_000, "two half-hours are of the next day by the clock of London"


def test_a_new_meter_takes_the_neighbours_day(session: Session, put: Put, premise) -> None:
    home = premise("P0")
    lives_at(session, home)
    area = session.scalar(text("select node_id from premises where id = :id"), {"id": home})
    shape = np.arange(48) * 10_000
    for number in range(1, 7):
        place = premise(f"P{number}")
        session.execute(
            text("update premises set node_id = :area where id = :id"), {"area": area, "id": place}
        )
        lives_at(session, place)
        other = put(f"SP{number}", {}, place)
        session.execute(
            text("insert into channel_profiles values (:id, '2024-06-01', 60, :shape, 1, :day, 1, 0)"),
            {"id": other, "shape": (shape * number).tolist(), "day": int(shape.sum() * number)},
        )
    channel = put("SP0", {}, home)
    made = estimate_readings(session, channel, [whole(DAYS[30])], **WHY)
    assert (made.methods, made.left) == (("profile",), 0)
    values = readings(session, channel, DAYS[30])
    assert np.abs(values - shape * 3.5).max() <= 1, "the mean of six"
    again = proposal(session, channel, [whole(DAYS[31])], annual_micro=3_652_500_000)
    assert abs(again.micro - 10_000_000) < 100


def test_nobody_around_means_the_standard_load(session: Session, put: Put, premise) -> None:
    channel = put("SP1", {day: [250_000] * 48 for day in DAYS[:5]}, premise("P1"))
    made = estimate_readings(session, channel, [whole(DAYS[30])], method="profile", **WHY)
    values = readings(session, channel, DAYS[30])
    assert made.intervals == 48 and 6_000_000 < made.micro < 18_000_000, "at the level of its own five days"
    local = np.roll(values, 2)  # British summer time
    assert local[36:44].mean() > 1.5 * local[4:10].mean(), "the evening is not the night"


def test_a_holiday_takes_the_holidays_around(session: Session, put: Put, premise) -> None:
    """6 May and 27 May 2024 are bank holidays; so was 26 August 2024."""
    rest = {FIRST, date(2024, 5, 27)}
    days = {day: [800_000 if day in rest else 200_000] * 48 for day in (FIRST - timedelta(days=1), *DAYS)}
    days |= {date(2024, 8, day): [800_000 if day == 26 else 200_000] * 48 for day in range(20, 31)}
    del days[date(2024, 5, 27)]
    channel = put("SP1", days, premise("P1"))
    assert estimate_readings(session, channel, [whole(date(2024, 5, 27))], **WHY).micro > 46 * 700_000


def test_only_what_is_missing_unless_asked(session: Session, put: Put) -> None:
    holed = [200_000] * 10 + [None] * 10 + [5_000_000] + [200_000] * 27
    channel = put("SP1", {day: holed if day == DAYS[20] else [200_000] * 48 for day in DAYS})
    made = estimate_readings(session, channel, [whole(DAYS[20])], **WHY)
    values = readings(session, channel, DAYS[20])
    assert made.intervals == 10 and values[20] == 5_000_000 and set(values[:20].tolist()) == {200_000}
    codes = session.scalar(text("select qualities from blocks where day = :day"), {"day": DAYS[20]})
    assert codes == [Quality.ACTUAL] * 10 + [Quality.ESTIMATED] * 10 + [Quality.ACTUAL] * 28
    made = estimate_readings(session, channel, [whole(DAYS[20])], replacing=True, **WHY)
    assert made.intervals == 48 and set(readings(session, channel, DAYS[20]).tolist()) == {200_000}


def test_nothing_missing_writes_nothing(session: Session, put: Put, counts) -> None:
    channel = put("SP1", {day: [200_000] * 48 for day in DAYS})
    made = estimate_readings(session, channel, [whole(DAYS[20])], **WHY)
    assert (made.feed_id, made.intervals, made.left, counts("feeds")) == (None, 0, 0, 0)


def test_a_day_of_another_standard_time(session: Session, put: Put) -> None:
    channel = put("NMI1", {day: [100_000 + place for place in range(48)] for day in DAYS[:20]}, offset=600)
    made = estimate_readings(session, channel, [whole(DAYS[21])], method="like_days", **WHY)
    assert made.intervals == 48
    days = session.execute(
        text("select day, cardinality(array_remove(micro, null)) from blocks where feed_id = :id order by 1"),
        {"id": made.feed_id},
    ).all()
    assert [tuple(row) for row in days] == [(DAYS[21], 28), (DAYS[22], 20)]


def test_what_cannot_be(session: Session, put: Put) -> None:
    channel = put("SP1", {DAYS[0]: [1] * 24, DAYS[3]: [1] * 48})
    with pytest.raises(Invalid, match="interval changes"):
        proposal(session, channel, [whole(DAYS[1])])
    with pytest.raises(NotFound):
        proposal(session, channel + 1000, [whole(DAYS[1])])
