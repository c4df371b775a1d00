"""The gate over real drafts: what waits, what a release lets through, and what is held again."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from bent_history import no_trigger_minds
from billing_world import NOW, Supplied, World
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from billing.actions.holds import keep_held, release_held
from billing.actions.issuing import Issued, draft_cycle, issue_cycle
from billing.cycles import Month
from billing.domain.gate import GateBook
from billing.queries.gate import gate_book
from billing.queries.held import held_accounts
from billing.runs import issue_for_account
from utility_crm.auth.tables import User
from utility_crm.kit.errors import Invalid, NotFound, Refused

OCTOBER = Month(2026, 10)


def issue(
    session: Session, *accounts: Supplied, month: Month = OCTOBER, gate: GateBook | None = None
) -> Issued:
    ids = [one.account_id for one in accounts]
    return issue_cycle(
        session, month, 1, ids,
        issued_on=month.cycle(1)[1], known_at=NOW, now=NOW, gate=gate or gate_book(session),
    )  # fmt: skip


def codes(done: Issued) -> dict[str, tuple[str, ...]]:
    return {one.account: one.codes for one in done.held}


@pytest.fixture
def ops(session: Session) -> int:
    user = User(login="ops", name="Olga Ops", role="ops", password_hash="x")
    session.add(user)
    session.flush()
    return user.id


def used(world: World, a_day_kwh: float, *, september: float = 10, year_ago: float | None = None) -> Supplied:
    """September is billed; October has this use a day."""
    one = world.supplied()
    if year_ago is not None:
        world.even(one.channel_id, date(2025, 9, 30), 33, int(year_ago * 1e6 / 48))
        issue(world.session, one, month=Month(2025, 10))
        world.session.execute(text("update agreements set starts_on = '2025-10-01' where account_id = :a"),
                              {"a": one.account_id})  # fmt: skip
        days = (date(2026, 8, 31) - date(2025, 11, 2)).days
        world.even(one.channel_id, date(2025, 11, 2), days, int(september * 1e6 / 48))
        for number in range(11, 21):
            month = Month(2025, 10).plus(number - 10)
            issue(world.session, one, month=month, gate=_nothing())
    world.even(one.channel_id, date(2026, 8, 31), 31, int(september * 1e6 / 48))
    issue(world.session, one, month=Month(2026, 9), gate=_nothing())
    world.even(one.channel_id, date(2026, 9, 30), 33, int(a_day_kwh * 1e6 / 48))
    return one


def _nothing() -> GateBook:
    from billing.domain.gate import RULES, Setting

    return GateBook([Setting(rule, enabled=rule == "release") for rule in RULES])


def test_each_rule_holds_what_it_should_and_lets_the_rest_through(world: World, session: Session) -> None:
    usual, jumped, zero, less = (used(world, kwh) for kwh in (11, 30, 0, 1))
    same_season = used(world, 30, year_ago=28)
    done = issue(session, usual, jumped, zero, less, same_season)
    assert codes(done) == {
        jumped.account: ("jump_up",),
        zero.account: ("zero_use",),
        less.account: ("jump_down",),
    }
    assert done.count == 2
    (jump, *_) = [one for one in held_accounts(session) if one.account == jumped.account]
    assert jump.figures is not None
    assert round(jump.figures.kwh_a_day) == 30 and round(jump.figures.earlier[0].kwh_a_day) == 10
    assert jump.total_minor == jump.figures.total_minor > 0


def test_missing_cycles_findings_and_estimates(world: World, session: Session) -> None:
    skipped = used(world, 10)
    earlier = text(
        "update bills set starts_on = starts_on - 40, ends_before = ends_before - 40 where account_id = :a"
    )
    with no_trigger_minds(session):
        session.execute(earlier, {"a": skipped.account_id})
    doubted = used(world, 10)
    session.execute(
        text("insert into findings (rule, channel_id, first_day, last_day, severity, detail) values "
             "('spike', :c, '2026-10-05', '2026-10-06', 'bad', '{}'), "
             "('stuck', :c, '2026-10-09', '2026-10-12', 'warn', '{}'), "
             "('spike', :c, '2026-08-01', '2026-08-02', 'bad', '{}')"), {"c": doubted.channel_id},
    )  # fmt: skip
    estimated = used(world, 10)
    world.even(estimated.channel_id, date(2026, 10, 3), 12, 200_000, quality=2)
    done = issue(session, skipped, doubted, estimated)
    assert codes(done) == {
        skipped.account: ("missing_cycle",),
        doubted.account: ("findings",),
        estimated.account: ("estimates",),
    }
    found = {one.account: one.figures for one in held_accounts(session)}
    known = found[skipped.account], found[doubted.account]
    assert known[0] is not None and known[1] is not None
    assert known[0].unbilled_days == 40
    assert (known[1].findings_bad, known[1].findings_warn) == (1, 1)


def test_an_account_that_was_never_billed_lacks_no_cycle(world: World, session: Session) -> None:
    one = world.supplied()
    world.even(one.channel_id, date(2026, 9, 30), 33)
    assert issue(session, one).count == 1


def test_the_weather_of_the_area_explains_a_jump(world: World, session: Session) -> None:
    one = used(world, 30)
    assert codes(issue(session, one)) == {one.account: ("jump_up",)}
    area = session.scalar(text("insert into network_nodes (code, name, kind) values ('N', 'North', 'area') "
                               "returning id"))  # fmt: skip
    session.execute(text("update premises set node_id = :area"), {"area": area})
    session.execute(
        text("insert into temperature_days (area_id, day, millicelsius) select :area, d::date, "
             "array_fill(case when d < '2026-10-01' then 14500 else 1500 end, array[24]) "
             "from generate_series(timestamp '2026-09-01', '2026-10-31', '1 day') d"), {"area": area},
    )  # fmt: skip
    assert issue(session, one).count == 1


def test_a_release_is_of_the_draft_that_was_seen(world: World, session: Session, ops: int) -> None:
    one = used(world, 30)
    issue(session, one)
    (held,) = held_accounts(session)
    release_held(session, held.id, ops, NOW, "A heat pump since September")
    world.even(one.channel_id, date(2026, 10, 10), 3, 3_000_000)
    done = issue(session, one)
    assert (done.count, done.lapsed) == (0, (one.account_id,))
    (held,) = held_accounts(session)
    assert held.releasable and held.released_at is None
    release_held(session, held.id, ops, NOW, "Seen again")
    assert issue(session, one).count == 1
    told = session.execute(
        text("select decision, reason, decided_by, total_minor from hold_decisions order by id")
    )
    rows = told.all()
    assert [row[:3] for row in rows] == [
        ("released", "A heat pump since September", ops),
        ("lapsed", "", None),
        ("released", "Seen again", ops),
    ]  # fmt: skip
    assert rows[0][3] < rows[1][3] == rows[2][3]


def test_more_missing_than_was_released_is_held_again(world: World, session: Session, ops: int) -> None:
    one = used(world, 10)
    world.read(one.channel_id, date(2026, 10, 10), [None] * 96)
    issue(session, one)
    (held,) = held_accounts(session)
    assert held.codes == ("missing",) and held.total_minor is not None
    release_held(session, held.id, ops, NOW, "The meter was changed")
    world.read(one.channel_id, date(2026, 10, 20), [None] * 48)
    assert issue(session, one).lapsed == (one.account_id,)
    world.even(one.channel_id, date(2026, 10, 20), 1, 208_333)
    assert codes(issue(session, one)) == {one.account: ("missing",)}


def test_hold_on_with_a_reason(world: World, session: Session, ops: int) -> None:
    one = used(world, 0)
    issue(session, one)
    (held,) = held_accounts(session)
    release_held(session, held.id, ops, NOW, "Seen")
    keep_held(session, held.id, ops, NOW + timedelta(hours=1), "A technician goes there")
    assert issue_for_account(session, one.account_id, 1, OCTOBER, today=date(2026, 11, 3), now=NOW).count == 0
    with pytest.raises(Invalid, match="Say why"):
        keep_held(session, held.id, ops, NOW, " ")
    with pytest.raises(Invalid, match="at most"):
        keep_held(session, held.id, ops, NOW, "x" * 501)
    with pytest.raises(NotFound):
        keep_held(session, 10**9, ops, NOW, "why")


def test_what_cannot_be_drafted_cannot_be_released(world: World, session: Session, ops: int) -> None:
    one = world.supplied()
    issue(session, one)
    (held,) = held_accounts(session)
    assert held.codes == ("no_readings",) and held.figures is None and not held.releasable
    with pytest.raises(Refused, match="only put right"):
        release_held(session, held.id, ops, NOW, "Seen")


def test_numbers_of_the_utility_go_before_the_defaults(world: World, session: Session) -> None:
    one = used(world, 30)
    session.execute(text("insert into gate_rules (rule, segment, numbers) values "
                         "('jump_up', 'household', '{\"percent\": 400}')"))  # fmt: skip
    assert issue(session, one).count == 1


def test_a_draft_says_what_would_be_and_writes_nothing(world: World, session: Session) -> None:
    usual, jumped = used(world, 11), used(world, 30)
    ids = [usual.account_id, jumped.account_id]
    session.flush()
    before = _counts(session)
    drafted = draft_cycle(
        session, OCTOBER, 1, ids, known_at=NOW, issued_on=date(2026, 11, 3), gate=gate_book(session)
    )
    assert _counts(session) == before
    done = issue(session, usual, jumped)
    assert (drafted.count, dict(drafted.totals), drafted.held) == (done.count, dict(done.totals), done.held)


def _counts(session: Session) -> Any:
    return session.execute(
        text("select (select count(*) from bills), (select count(*) from held_bills)")
    ).one()


def test_as_many_statements_for_many_as_for_few(world: World, session: Session) -> None:
    few, many = [used(world, kwh) for kwh in (10, 30)], [used(world, kwh) for kwh in (10, 30, 0, 1, 30, 12)]
    found = []
    for some in (few, many):
        statements: list[str] = []

        def note(_c: Any, _cur: Any, statement: str, *_: Any, kept: list[str] = statements) -> None:
            kept.append(statement)

        event.listen(session.connection(), "before_cursor_execute", note)
        ids = [one.account_id for one in some]
        draft_cycle(
            session, OCTOBER, 1, ids, known_at=NOW, issued_on=date(2026, 11, 3), gate=gate_book(session)
        )
        event.remove(session.connection(), "before_cursor_execute", note)
        found.append(len(statements))
    assert found[0] == found[1] < 12


def test_what_was_released_before_there_were_figures_still_is(
    world: World, session: Session, ops: int
) -> None:
    one = used(world, 10)
    world.read(one.channel_id, date(2026, 10, 10), [None] * 96)
    session.execute(
        text("insert into held_bills (account_id, starts_on, ends_before, code, codes, reason, released_at, "
             "released_by, released_codes) values (:a, '2026-10-01', '2026-11-01', 'missing', '{missing}', "
             "'', :at, :ops, '{missing}')"), {"a": one.account_id, "ops": ops, "at": datetime(2026, 11, 2)},
    )  # fmt: skip
    assert issue(session, one).count == 1
