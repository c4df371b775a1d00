"""Readings that ops estimated or edited are estimated on the bill, its page and its explanation."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from billing_world import NOW, World
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.issuing import issue_cycle
from billing.cycles import Month
from billing.explaining import explain_bill
from billing.queries.bills import bills_of
from meters.findings.editing import edit_day
from meters.findings.estimating import estimate_readings
from meters.usage import settle_readings
from tests.web.conftest import make_user

OCTOBER_9 = datetime(2026, 10, 9, tzinfo=UTC)


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace("\N{NO-BREAK SPACE}", " ")


def test_an_estimate_and_an_edit_are_told_on_the_bill(make_client, session: Session, world: World) -> None:
    one = world.supplied("flat", name="Ada Example")
    values: list[int | None] = list(world.random(one.channel_id, date(2026, 8, 31), 63, 5))
    gap = slice(39 * 48 + 10, 39 * 48 + 13)  # 9 October, 05:00 to 06:30
    values[gap] = [None] * 3
    world.read(one.channel_id, date(2026, 8, 31), values)
    user = make_user(session, "ops")
    made = estimate_readings(
        session,
        one.channel_id,
        [(OCTOBER_9, OCTOBER_9 + timedelta(days=1))],
        reason="The link was down.",
        user_id=user.id,
    )
    assert (made.intervals, made.methods) == (3, ("linear",))
    detail = '{"days": {"2026-10-10": {"of": 48, "at": [[4, 5]], "found": 9000000, "usual": 1000000}}}'
    finding = world.scalar(
        "insert into findings (rule, channel_id, first_day, last_day, severity, detail) "
        "values ('spike', :channel, '2026-10-10', '2026-10-10', 'bad', cast(:detail as jsonb)) returning id",
        channel=one.channel_id,
        detail=detail,
    )
    by_hand = {"user_id": user.id, "reason": "Read on the phone.", "now": NOW}
    edit_day(session, finding, date(2026, 10, 10), {4: 250_000}, **by_hand)
    for month, issued_on in ((9, date(2026, 10, 3)), (10, date(2026, 11, 10))):
        issue_cycle(
            session, Month(2026, month), 1, [one.account_id],
            issued_on=issued_on, known_at=settle_readings(session), now=NOW,
        )  # fmt: skip
    october, september = bills_of(session, [one.account_id])
    assert (october.estimated_readings, september.estimated_readings) == (4, 0)
    assert october.estimated_micro_kwh == made.micro + 250_000
    agent = make_client("agent")
    page = words(agent.get(f"/bills/{october.number}?ask=estimated").text)
    assert "Yes: 4 readings of 1,490 were estimated" in page and "in part estimated" in page
    customer = world.scalar("select customer_id from accounts where id = :a", a=one.account_id)
    asked = words(agent.get(f"/customers/{customer}").text)
    assert "In part under 1 % of the energy" in asked.replace("\N{NO-BREAK SPACE}", " "), "not 0 %"
    found = explain_bill(session, october, september)
    assert [(one.code, one.bill, one.intervals) for one in found.caveats] == [("still_estimated", "after", 4)]
    assert session.scalar(text("select count(*) from feeds where source in ('edit', 'estimate')")) == 2
