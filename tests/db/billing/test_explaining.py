"""Why a bill differs, from what is stored: exact through the database, whatever came in since."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from billing_world import NOW, Supplied, World, flat, flat_version, two_rate
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from billing.actions.agreements import end_agreement
from billing.actions.issuing import issue_cycle
from billing.cycles import Month
from billing.explaining import Explained, explain_bill
from billing.queries.bills import BillRow, bill_before, bills_of
from utility_crm.kit.errors import Conflict, Refused

SEPTEMBER, OCTOBER = Month(2026, 9), Month(2026, 10)
ISSUED_AT = NOW - timedelta(days=10)


def bill_of(session: Session, account: Supplied, month: Month) -> BillRow:
    issue_cycle(
        session, month, 1, [account.account_id],
        issued_on=month.plus(1).starts_on + timedelta(days=2), known_at=ISSUED_AT, now=NOW,
    )  # fmt: skip
    newest = bills_of(session, [account.account_id])[0]
    assert newest.ends_before == month.plus(1).starts_on
    return newest


def pair(session: Session, account: Supplied) -> Explained:
    before = bill_of(session, account, SEPTEMBER)
    return explain_bill(session, bill_of(session, account, OCTOBER), before)


def effects(found: Explained) -> dict[str, int]:
    return {row.effect: row.amount_minor for row in found.rows if row.amount_minor}


@pytest.mark.parametrize("seed", range(8))
def test_effects_add_up_to_the_difference(world: World, session: Session, seed: int) -> None:
    world.tariff(two_rate())
    versions = [flat_version("2024-01-01", "0.25"), flat_version("2026-09-20", "0.31", "0.55", "20")]
    world.tariff(flat("steady", versions=versions))
    one = world.supplied(("flat", "night", "steady")[seed % 3])
    world.random(one.channel_id, date(2026, 8, 31), 63, seed)
    found = pair(session, one)
    assert found.left_over_minor == 0
    assert found.against is not None
    assert sum(row.amount_minor for row in found.rows) == found.bill.total_minor - found.against.total_minor
    document = found.document()
    assert document["difference"] == f"{found.difference_minor / 100:.2f}"


@pytest.mark.parametrize("cause", ["price", "fixed", "tax", "volume"])
def test_one_planted_cause_is_the_whole_difference(world: World, session: Session, cause: str) -> None:
    """July and August are alike: 31 days, no change of the clock."""
    later = {"price": ("0.30",), "fixed": ("0.25", "0.60"), "tax": ("0.25", "0.50", "20")}.get(
        cause, ("0.25",)
    )
    versions = [flat_version("2024-01-01", "0.25"), flat_version("2026-08-01", *later)]
    world.tariff(flat("steady", versions=versions))
    one = world.supplied("steady")
    world.even(one.channel_id, date(2026, 6, 30), 63)
    if cause == "volume":
        # From local midnight: London is an hour ahead of the channel's day.
        world.read(one.channel_id, date(2026, 7, 31), [200_000] * 46 + [300_000] * (48 * 32 - 46))
    before, after = bill_of(session, one, Month(2026, 7)), bill_of(session, one, Month(2026, 8))
    found = explain_bill(session, after, before)
    assert effects(found) == {cause: found.difference_minor}
    assert found.difference_minor > 0


def test_a_reading_that_came_later_is_an_estimate_put_right(world: World, session: Session) -> None:
    one = world.supplied()
    values: list[int | None] = [200_000] * (63 * 48)
    values[9 * 48 : 10 * 48] = [None] * 48  # 9 September, filled with 9.6 kWh when billed
    world.read(one.channel_id, date(2026, 8, 31), values)
    before = bill_of(session, one, SEPTEMBER)
    assert before.estimated_readings == 48
    world.read(one.channel_id, date(2026, 9, 9), [100_000] * 48, feed_id=world.feed(NOW - timedelta(days=1)))
    found = explain_bill(session, bill_of(session, one, OCTOBER), before)
    # 4.8 kWh too many were billed at 25 p, with VAT, in a month of 30 days or, as well, of 31.
    assert 126 <= -effects(found)["estimate"] <= 130
    assert found.left_over_minor == 0
    assert found.caveats == ()


def test_an_estimate_nobody_replaced_is_a_caveat(world: World, session: Session) -> None:
    one = world.supplied()
    values: list[int | None] = [200_000] * (63 * 48)
    values[40 * 48 : 41 * 48] = [None] * 48
    world.read(one.channel_id, date(2026, 8, 31), values)
    found = pair(session, one)
    assert [(caveat.code, caveat.bill, caveat.days) for caveat in found.caveats] == [
        ("still_estimated", "after", 1)
    ]
    assert "still estimated" in found.sentence


def test_a_bill_can_be_made_again_after_its_readings_were_replaced(world: World, session: Session) -> None:
    one = world.supplied()
    world.random(one.channel_id, date(2026, 8, 31), 63, 5)
    before, after = bill_of(session, one, SEPTEMBER), bill_of(session, one, OCTOBER)
    untouched = explain_bill(session, after, before)
    for days_ago in (3, 2):
        world.random(
            one.channel_id,
            date(2026, 8, 31),
            63,
            days_ago,
            feed_id=world.feed(NOW - timedelta(days=days_ago)),
        )
    found = explain_bill(session, after, before)
    assert (found.bill, found.against) == (untouched.bill, untouched.against)
    assert found.left_over_minor == 0
    assert "estimate" in effects(found)


def test_a_bill_that_cannot_be_made_again_says_so(world: World, session: Session) -> None:
    one = world.supplied()
    world.random(one.channel_id, date(2026, 8, 31), 63, 5)
    before, after = bill_of(session, one, SEPTEMBER), bill_of(session, one, OCTOBER)
    session.execute(text("update blocks set micro[1] = micro[1] + 5000000 where day = '2026-10-05'"))
    with pytest.raises(Conflict, match="cannot be made again"):
        explain_bill(session, after, before)


def test_a_first_bill_and_a_bill_of_a_few_days(world: World, session: Session) -> None:
    one = world.supplied(starts_on=date(2026, 9, 27))
    world.even(one.channel_id, date(2026, 8, 31), 63)
    before = bill_of(session, one, SEPTEMBER)
    first = explain_bill(session, before, None)
    assert (first.kind, first.rows) == ("first", ())
    assert "no earlier bill" in first.sentence
    found = explain_bill(session, bill_of(session, one, OCTOBER), before)
    assert (found.kind, found.rows) == ("per_day", ())


def test_two_points_are_compared_each_with_its_own(world: World, session: Session) -> None:
    world.tariff(two_rate())
    one = world.supplied()
    point_id, channel_id = world.point()
    world.agreement(one.account_id, point_id, "night", date(2026, 1, 1))
    world.random(one.channel_id, date(2026, 8, 31), 63, 1)
    world.random(channel_id, date(2026, 8, 31), 63, 2)
    found = pair(session, one)
    assert found.left_over_minor == 0
    assert found.moved_at in found.rows[0].detail
    assert all("SP0" in row.detail for row in found.rows)


def test_several_causes_of_two_points_are_told_in_the_plural(world: World, session: Session) -> None:
    versions = [flat_version("2024-01-01", "0.25"), flat_version("2026-10-01", "0.26")]
    world.tariff(flat("steady", versions=versions))
    one = world.supplied("steady")
    point_id, channel_id = world.point()
    world.agreement(one.account_id, point_id, "steady", date(2026, 1, 1))
    for channel in (one.channel_id, channel_id):
        world.even(channel, date(2026, 8, 31), 31)
        world.even(channel, date(2026, 10, 1), 32, 400_000)
    found = pair(session, one)
    assert " prices from 1 October add £" in found.if_asked_on
    assert "one more day adds £" in found.if_asked_on.lower()


def test_a_point_that_is_new_is_an_effect_of_its_own(world: World, session: Session) -> None:
    one = world.supplied()
    point_id, channel_id = world.point()
    world.agreement(one.account_id, point_id, "flat", date(2026, 10, 10))
    for channel in (one.channel_id, channel_id):
        world.random(channel, date(2026, 8, 31), 63, channel)
    found = pair(session, one)
    new = effects(found)[f"supply:{world.point_code(point_id)}"]
    charged = session.scalar(
        text(
            "select sum(l.amount_minor) from bill_lines l join agreements g on g.id = l.agreement_id "
            "where g.service_point_id = :p"
        ),
        {"p": point_id},
    )
    assert (new, found.left_over_minor) == (charged, 0)


def test_a_tariff_changed_inside_the_bill_is_one_effect(world: World, session: Session) -> None:
    world.tariff(two_rate())
    one = world.supplied()
    end_agreement(session, one.agreement_id, date(2026, 10, 11), "changed_tariff")
    world.agreement(one.account_id, one.service_point_id, "night", date(2026, 10, 11))
    world.random(one.channel_id, date(2026, 8, 31), 63, 7)
    found = pair(session, one)
    assert found.left_over_minor == 0
    assert "tariff" in effects(found)
    assert not any(name.startswith("supply:") for name in effects(found))


def test_swapping_the_bills_negates_every_effect(world: World, session: Session) -> None:
    world.tariff(two_rate())
    one = world.supplied("night")
    world.random(one.channel_id, date(2026, 8, 31), 63, 3)
    before, after = bill_of(session, one, SEPTEMBER), bill_of(session, one, OCTOBER)
    forth, back = explain_bill(session, after, before), explain_bill(session, before, after)
    assert effects(back) == {name: -amount for name, amount in effects(forth).items()}


def test_another_account_is_refused(world: World, session: Session) -> None:
    one, other = world.supplied(), world.supplied()
    for account in (one, other):
        world.even(account.channel_id, date(2026, 8, 31), 63)
    mine, theirs = bill_of(session, one, OCTOBER), bill_of(session, other, OCTOBER)
    with pytest.raises(Refused, match="different accounts"):
        explain_bill(session, mine, theirs)
    with pytest.raises(Refused, match="against itself"):
        explain_bill(session, mine, mine)


def test_the_earlier_bill_is_found_and_statements_are_few(world: World, session: Session) -> None:
    one = world.supplied()
    world.random(one.channel_id, date(2026, 7, 31), 93, 3)
    for month in (Month(2026, 8), SEPTEMBER, OCTOBER):
        bill_of(session, one, month)
    newest, middle, _ = bills_of(session, [one.account_id])
    assert bill_before(session, newest) == middle
    statements: list[str] = []
    connection = session.connection()

    def count(*args: object) -> None:
        statements.append(str(args[2]))

    event.listen(connection, "before_cursor_execute", count)
    explain_bill(session, newest, middle)
    event.remove(connection, "before_cursor_execute", count)
    assert len(statements) == 2  # where the channel lies, too; and one stream of readings
