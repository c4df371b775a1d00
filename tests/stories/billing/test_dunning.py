"""Late payers: one keeps a promise, one disputes a bill, one is a household in Russia."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from typing import Any

import pytest
from billing_world import Supplied, World, check_books, flat
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.agreeing import take_promise
from billing.actions.disputing import close_dispute, open_dispute
from billing.actions.issuing import issue_cycle
from billing.actions.payments import take_payment
from billing.cycles import Month
from billing.dunning.acting import dun
from billing.dunning.importing import import_strategy
from billing.dunning.loading import LateAccount, late_accounts
from billing.dunning.ordering import checks_of, end_order, order, record_delivery
from billing.jobs import judge_agreements, remind_of_late_bills
from billing.queries.bills import bills_of
from billing.queries.late_fees import Jurisdiction
from utility_crm.kit.errors import Refused
from utility_crm.kit.settings import settings

DUE = date(2026, 5, 4)
"""Two weeks after 20 April."""


class Life:
    """One account with April billed, what the clock does each morning, and a postman who delivers at noon."""

    def __init__(self, session: Session, country: str) -> None:
        self.session, self.law = session, Jurisdiction(country)
        world = World(session)
        world.tariff(flat())
        self.one: Supplied = world.supplied(starts_on=date(2026, 3, 1))
        world.even(self.one.channel_id, date(2026, 2, 28), 60)
        session.execute(
            text(
                "insert into contact_points (customer_id, kind, value, normal) "
                "values (:c, 'email', 'ada@mail.example', 'ada@mail.example')"
            ),
            {"c": self.one.customer_id},
        )
        at = datetime(2026, 4, 20, 6, tzinfo=UTC)
        issue_cycle(
            session, Month(2026, 3), 1, [self.one.account_id], issued_on=at.date(), known_at=at, now=at
        )
        self.bill = bills_of(session, [self.one.account_id])[0].number
        self.today, self.receipts, self.paid = DUE, False, 0

    @property
    def late(self) -> LateAccount:
        (found,) = late_accounts(self.session, self.today, self.law, [self.one.account_id])
        return found

    def until(self, day: date) -> None:
        """The first and the last mornings of the days up to one and with it."""
        span = [self.today + timedelta(days=number) for number in range(1, (day - self.today).days + 1)]
        for self.today in sorted({*span[:2], *span[-2:]}):
            now = datetime.combine(self.today, time(9), UTC)
            judge_agreements(self.session, now)
            remind_of_late_bills(self.session, now)
            dun(self.session, self.today, self.law, now)
            dun(self.session, self.today, self.law, now + timedelta(minutes=10))
            receipt = ", receipt = 'delivered', receipt_at = not_before" if self.receipts else ""
            self.session.execute(
                text(
                    f"update outbox set state = 'sent', sent_at = :at, not_before = :at{receipt} "
                    "where state = 'waiting'"
                ),
                {"at": now + timedelta(hours=3)},
            )
            if self.receipts:
                self.session.execute(text("update outbox set receipt_at = sent_at where receipt is not null"))
        check_books(self.session)

    def pay(self, amount_minor: int) -> None:
        self.paid += 1
        take_payment(
            self.session, self.one.account_id, amount_minor, reference=f"p{self.paid}",
            received_at=datetime.combine(self.today, time(12), UTC), posted_on=self.today,
        )  # fmt: skip

    def told(self) -> list[tuple[str, int]]:
        """What was sent, with the days since the bill was due."""
        rows = self.session.execute(
            text("select notice, cast(sent_at as date) from outbox where state = 'sent' order by sent_at")
        )
        return [(notice, (on - DUE).days) for notice, on in rows]

    def lines(self) -> list[tuple[Any, ...]]:
        rows = self.session.execute(text("select step, posted_on, reason from dunning_steps order by id"))
        return [(step, (on - DUE).days, reason) for step, on, reason in rows]

    @property
    def open_minor(self) -> int:
        return sum(one.open_minor for one in bills_of(self.session, [self.one.account_id]))


@pytest.fixture(autouse=True)
def zone() -> None:
    assert settings().timezone  # days are the utility's own


def test_a_late_payer_is_reminded_promises_keeps_it_and_hears_no_more(session: Session) -> None:
    life = Life(session, "GB")
    life.until(DUE + timedelta(days=8))
    assert life.told() == [("payment_reminder", 7)]
    by = life.today + timedelta(days=20)
    take_promise(session, life.one.account_id, life.open_minor, by, today=life.today)
    life.until(DUE + timedelta(days=25))
    assert life.told() == [("payment_reminder", 7)]
    assert life.lines()[-1] == ("stopped", 9, "promise")
    life.pay(life.open_minor)
    life.until(DUE + timedelta(days=90))
    assert life.told() == [("payment_reminder", 7)]
    state = session.execute(text("select closed_because, closed_on from dunning_cases")).one()
    assert tuple(state) == ("paid", DUE + timedelta(days=26))


def test_a_wrong_dunning_is_stopped_by_a_dispute_and_goes_on_once_it_is_lost(session: Session) -> None:
    life = Life(session, "GB")
    life.until(DUE + timedelta(days=8))
    life.until(DUE + timedelta(days=21))
    assert life.told() == [("payment_reminder", 7), ("payment_overdue", 21)]
    whole = life.open_minor
    dispute = open_dispute(session, life.bill, whole, "we were away", today=life.today)
    life.until(DUE + timedelta(days=50))
    assert len(life.told()) == 2 and life.lines()[-1] == ("stopped", 22, "dispute")
    close_dispute(session, dispute, won=False, today=life.today)
    life.until(DUE + timedelta(days=63))
    assert len(life.told()) == 2  # waiting begins anew
    life.until(DUE + timedelta(days=64))
    assert life.told()[2:] == [("final_warning", 64)]
    assert ("resumed", 51, "dispute") in life.lines()


def test_a_notice_not_yet_sent_is_taken_back_by_a_dispute_and_sent_anew(session: Session) -> None:
    life = Life(session, "GB")
    life.until(DUE + timedelta(days=8))
    life.until(DUE + timedelta(days=20))
    on = life.today + timedelta(days=1)
    now = datetime.combine(on, time(3), UTC)
    assert dict(dun(session, on, life.law, now)) == {"overdue": 1}
    dispute = open_dispute(session, life.bill, life.open_minor, "not mine", today=on)
    life.until(DUE + timedelta(days=30))
    state = "select state, reason from outbox where notice = 'payment_overdue'"
    assert tuple(session.execute(text(state)).one()) == ("withheld", "no_longer_true")
    close_dispute(session, dispute, won=False, today=life.today)
    life.until(DUE + timedelta(days=44))
    assert life.told() == [("payment_reminder", 7), ("payment_overdue", 44)]


def test_nobody_pays_for_a_notice_that_was_not_sent(session: Session) -> None:
    document = json.loads((files("billing.dunning") / "strategies" / "gb_household.json").read_text("utf-8"))
    (overdue,) = [one for one in document["versions"][0]["steps"] if one["step"] == "overdue"]
    overdue["fee_minor"] = 500
    document["currency"] = "GBP"
    life = Life(session, "GB")
    import_strategy(session, document, datetime(2026, 5, 1, tzinfo=UTC))
    life.until(DUE + timedelta(days=8))
    life.until(DUE + timedelta(days=20))
    on = life.today + timedelta(days=1)
    owed = text("select balance_minor from account_balances where account_id = :account")
    before = session.scalar(owed, {"account": life.one.account_id})
    assert dict(dun(session, on, life.law, datetime.combine(on, time(3), UTC))) == {"overdue": 1}
    assert session.scalar(owed, {"account": life.one.account_id}) == before + 500
    open_dispute(session, life.bill, life.open_minor, "not mine", today=on)
    for _ in range(2):
        dun(session, on, life.law, datetime.combine(on, time(4), UTC))
    assert session.scalar(owed, {"account": life.one.account_id}) == before


def strategy(monthly_minor: int) -> dict[str, Any]:
    """The Russian one, with a norm that a utility has given and amounts in the world's currency."""
    from importlib.resources import files

    from billing.domain.tariffs.json_place import loads

    document = loads((files("billing.dunning") / "strategies" / "ru_household.json").read_text("utf-8"))
    document["currency"] = "GBP"
    document["versions"][0]["norm"]["monthly_minor"] = monthly_minor
    return dict(document)


def test_a_household_in_russia_through_limitation(session: Session) -> None:
    life = Life(session, "RU")
    now = datetime.combine(DUE, time(9), UTC)
    import_strategy(session, strategy(life.open_minor), now)
    for days in (8, 22, 40):
        life.until(DUE + timedelta(days=days))
    assert [notice for notice, _ in life.told()] == ["payment_reminder", "payment_overdue"]
    assert session.scalar(text("select reason from dunning_cases")) == "below_norm"
    import_strategy(session, strategy(life.open_minor // 3), now)
    life.until(DUE + timedelta(days=80))
    assert life.told()[2:] == [("limitation_notice", 41)]  # and nothing follows: nobody knows that it came
    assert session.scalar(text("select reason from dunning_cases")) == "not_delivered"

    (warned,) = [one for one in life.late.steps if one.step == "limitation_notice"]
    handed = DUE + timedelta(days=60)
    record_delivery(session, warned.id, handed, "handed over, signed", today=life.today, by=None)
    life.until(DUE + timedelta(days=81))
    assert life.lines()[-1][:2] == ("hand_over", 81)
    assert life.lines()[-1][:2] == ("hand_over", (handed + timedelta(days=21) - DUE).days)

    def do(kind: str, confirmed: set[str]) -> None:
        now = datetime.combine(life.today, time(9), UTC)
        order(session, life.late, kind, "no answer", confirmed, today=life.today, by=None, now=now)

    with pytest.raises(Refused):
        do("suspension", {"others_unharmed"})  # limit first
    with pytest.raises(Refused):
        do("limitation", set())  # a person did not confirm what only a person knows
    assert {one.name: one.holds for one in checks_of(life.late, "limitation", life.today)} == {
        "debt": True, "norm": True, "notice": True, "waited": True, "stop_vulnerable": True,
        "stop_medical": True, "others_unharmed": None,
    }  # fmt: skip
    do("limitation", {"others_unharmed"})
    limited = life.today
    assert life.late.limited_on == limited
    life.until(limited + timedelta(days=9))
    with pytest.raises(Refused):
        do("suspension", {"others_unharmed"})
    session.execute(
        text(
            "insert into customer_flags (customer_id, kind, consented_at, review_on) "
            "values (:c, 'medical', now(), '2030-01-01')"
        ),
        {"c": life.one.customer_id},
    )
    life.until(limited + timedelta(days=10))
    with pytest.raises(Refused):
        do("suspension", {"others_unharmed"})
    life.pay(life.open_minor)
    life.until(limited + timedelta(days=12))
    assert life.lines()[-1][0] == "restore" and life.late.restoring
    end_order(session, life.late, "restored", "switched on", today=life.today, by=None)
    life.until(limited + timedelta(days=14))
    assert session.scalar(text("select closed_because from dunning_cases")) == "paid"
