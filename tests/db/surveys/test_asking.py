"""Who is asked, once; what takes a survey back; what becomes of its letter."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from notifications.consents.recording import record_consent
from notifications.outbox.claims import Terms, claim
from notifications.surveys import follow_surveys
from notifications.tables import OutboxNotice
from tests.conftest import NOW
from tests.db.surveys.conftest import DAY, Solved, letters, survey_of
from tests.db.tickets.conftest import Care
from utility_crm.customers.tables import Customer
from utility_crm.kit.errors import Conflict, Invalid
from utility_crm.kit.settings import settings
from utility_crm.surveys.asking import WINDOW, ask_due, would_ask
from utility_crm.surveys.domain.plans import USUAL, Plan, Rule
from utility_crm.surveys.plan_store import keep_plan, kept_plan
from utility_crm.tickets.actions import change, merge, set_status
from utility_crm.tickets.tables import Ticket

CSAT = Plan(rules=(Rule(1, "csat"),))


@pytest.fixture(autouse=True)
def plan(session: Session) -> None:
    keep_plan(session, CSAT, seen=0, now=NOW - 9 * DAY, by=None)


def test_one_letter_however_often_the_job_runs(session: Session, solved: Solved) -> None:
    ticket = solved()
    assert ask_due(session, NOW - timedelta(minutes=1)).looked_at == 0, "a day has to pass"
    first = ask_due(session, NOW)
    assert (first.asked, first.why_not) == (1, {})
    assert ask_due(session, NOW).looked_at == 0
    (letter,) = letters(session)
    assert (letter.state, letter.channel, letter.address) == ("waiting", "email", "margaret@post.example")
    assert [score for score, _ in letter.context["links"]] == ["1", "2", "3", "4", "5"]
    assert letter.context["link"].startswith("https://care.utility.example/survey/")
    found = survey_of(session, ticket)
    assert found is not None and (found.state, found.question, found.round) == ("queued", "csat", 1)


def test_of_two_tickets_one_is_asked_about_and_again_after_the_rest(
    session: Session, solved: Solved, care: Care
) -> None:
    first, second = solved(NOW - DAY - timedelta(hours=2)), solved()
    done = ask_due(session, NOW)
    assert (done.asked, done.why_not) == (1, {"asked_lately": 1})
    states = [(one.state, one.reason) for one in (survey_of(session, t) for t in (first, second)) if one]
    assert states == [("queued", ""), ("not_asked", "asked_lately")]
    other = solved(customer_id=care.bakery)
    assert ask_due(session, NOW).asked == 1
    assert survey_of(session, other) is not None
    solved(NOW + 29 * DAY)
    assert ask_due(session, NOW + 30 * DAY).asked == 1


def test_nobody_who_was_erased_is_asked(session: Session, solved: Solved, care: Care) -> None:
    solved()
    session.execute(update(Customer).where(Customer.id == care.margaret).values(erased_on=NOW.date()))
    assert (ask_due(session, NOW).asked, session.scalar(text("select count(*) from surveys"))) == (0, 0)


@pytest.mark.parametrize("why", ["died", "open_complaint", "nothing_said", "no_consent", "consent_withdrawn"])
def test_who_is_not_asked(session: Session, solved: Solved, care: Care, why: str) -> None:
    if why == "died":
        session.execute(update(Customer).where(Customer.id == care.margaret).values(died_on=NOW.date()))
    if why == "open_complaint":
        care.open(kind="complaint")
    if why == "no_consent":
        session.execute(text("truncate consents"))
    if why == "consent_withdrawn":
        record_consent(session, care.margaret, "marketing", "email", granted=False, now=NOW, proof="a call")
    ticket = solved()
    if why == "nothing_said":
        session.execute(update(Ticket).where(Ticket.id == ticket).values(first_answered_at=None))
    foreseen = would_ask(session, NOW)
    done = ask_due(session, NOW)
    assert (done.asked, done.why_not) == (0, {why: 1})
    assert [(one.question == "csat", one.reason) for one in foreseen] == [
        (why in ("no_consent", "consent_withdrawn"), why)
    ]
    found = survey_of(session, ticket)
    assert found is not None and (found.state, found.reason) == ("not_asked", why)
    assert claim(session, NOW, Terms(), "care@utility.example", channel="email")[1] == []


def test_a_dry_run_says_the_same_and_writes_nothing(session: Session, solved: Solved) -> None:
    solved()
    (one,) = would_ask(session, NOW)
    assert (one.question, one.reason, one.customer) == ("csat", "", "C1")
    assert letters(session) == [] and session.scalar(text("select count(*) from surveys")) == 0
    assert ask_due(session, NOW).asked == 1


def test_a_clock_that_stood_still_does_not_ask_of_old_things(session: Session, solved: Solved) -> None:
    solved(NOW - DAY - WINDOW)
    assert ask_due(session, NOW).looked_at == 0


def test_a_ticket_opened_again_takes_its_survey_back_and_is_asked_about_anew(
    session: Session, solved: Solved, care: Care
) -> None:
    ticket = solved()
    ask_due(session, NOW)
    set_status(session, ticket, "open", now=NOW + timedelta(minutes=5), by=care.omar)
    found = survey_of(session, ticket)
    assert found is not None and (found.state, found.reason) == ("withdrawn", "reopened")
    assert (
        claim(session, NOW + timedelta(minutes=6), Terms(), "care@utility.example", channel="email")[1] == []
    )
    (letter,) = letters(session)
    assert (letter.state, letter.reason) == ("withheld", "no_longer_true")
    assert ask_due(session, NOW + DAY).looked_at == 0, "it is open"
    set_status(session, ticket, "solved", now=NOW + timedelta(hours=1), by=care.omar)
    assert ask_due(session, NOW + DAY + timedelta(hours=1)).asked == 1
    assert [one.state for one in letters(session)] == ["withheld", "waiting"]
    found = survey_of(session, ticket)
    assert found is not None and (found.state, found.round) == ("queued", 2)
    sent = claim(session, NOW + DAY + timedelta(hours=2), Terms(), "care@utility.example", channel="email")[1]
    assert [one.key for one in sent] == [f"survey:{found.id}:2"]


def test_a_survey_that_left_stays_when_the_ticket_opens_again(
    session: Session, solved: Solved, care: Care
) -> None:
    ticket = solved()
    ask_due(session, NOW)
    session.execute(update(OutboxNotice).values(state="sent", sent_at=NOW))
    assert follow_surveys(session, NOW) == 1
    assert follow_surveys(session, NOW) == 0
    set_status(session, ticket, "open", now=NOW + timedelta(hours=1), by=care.omar)
    found = survey_of(session, ticket)
    assert found is not None and (found.state, found.sent_at) == ("sent", NOW)
    set_status(session, ticket, "solved", now=NOW + timedelta(hours=2), by=care.omar)
    assert ask_due(session, NOW + 2 * DAY).looked_at == 0, "it was asked about once"


@pytest.mark.parametrize(
    ("became", "reason"),
    [
        ({"state": "withheld", "reason": "too_late"}, "too_late"),
        ({"state": "dead"}, "not_taken"),
        ({"state": "sent", "receipt": "bounced", "sent_at": NOW}, "bounced"),
    ],
)
def test_a_letter_that_did_not_arrive_asked_nobody(
    session: Session, solved: Solved, became: dict[str, object], reason: str
) -> None:
    ticket = solved()
    ask_due(session, NOW)
    session.execute(update(OutboxNotice).values(**became))
    assert follow_surveys(session, NOW) == 1
    found = survey_of(session, ticket)
    assert found is not None and (found.state, found.reason) == ("not_asked", reason)


def test_consent_that_ends_meanwhile_holds_the_letter_back(
    session: Session, solved: Solved, care: Care
) -> None:
    ticket = solved()
    ask_due(session, NOW)
    record_consent(session, care.margaret, "marketing", "email", granted=False, now=NOW, proof="a call")
    assert claim(session, NOW, Terms(), "care@utility.example", channel="email")[1] == []
    assert follow_surveys(session, NOW) == 1
    found = survey_of(session, ticket)
    assert found is not None and (found.state, found.reason) == ("not_asked", "consent_withdrawn")


def test_a_complaint_that_comes_meanwhile_holds_the_letter_back(
    session: Session, solved: Solved, care: Care
) -> None:
    ticket = solved()
    ask_due(session, NOW)
    care.open(kind="complaint")
    assert claim(session, NOW, Terms(), "care@utility.example", channel="email")[1] == []
    assert follow_surveys(session, NOW) == 1
    found = survey_of(session, ticket)
    assert found is not None and (found.state, found.reason) == ("not_asked", "no_longer_true")


def test_without_an_address_of_ours_nobody_is_asked(
    session: Session, solved: Solved, monkeypatch: pytest.MonkeyPatch
) -> None:
    solved()
    monkeypatch.delenv("UTILITY_CRM_PUBLIC_URL")
    monkeypatch.setenv("UTILITY_CRM_MAIL_TO", "smtp")
    settings.cache_clear()
    assert ask_due(session, NOW).why_not == {"no_public_url": 1}


def test_the_plan_is_kept_with_its_history(session: Session, solved: Solved, care: Care) -> None:
    kept = kept_plan(session)
    assert not keep_plan(session, CSAT, seen=kept.version, now=NOW, by=care.omar), "it is so already"
    off = Plan(active=False, rules=CSAT.rules)
    assert keep_plan(session, off, seen=kept.version, now=NOW, by=care.omar)
    with pytest.raises(Conflict, match="meanwhile"):
        keep_plan(session, USUAL, seen=kept.version, now=NOW, by=care.priya)
    with pytest.raises(Invalid):
        keep_plan(
            session,
            Plan(rules=(Rule(1, "csat", kinds=("gossip",)),)),
            seen=kept_plan(session).version,
            now=NOW,
            by=None,
        )
    assert (kept_plan(session).plan, kept_plan(session).by) == (off, "Omar Haddad")
    solved()
    assert ask_due(session, NOW).looked_at == 0, "nobody is asked while it is off"


def test_a_ticket_that_goes_into_another_takes_its_survey_back(
    session: Session, solved: Solved, care: Care
) -> None:
    ticket = solved()
    ask_due(session, NOW)
    change(session, ticket, {"kind": "meter"}, now=NOW, by=care.omar)
    found = survey_of(session, ticket)
    assert found is not None and found.state == "queued"
    merge(session, ticket, care.open(), now=NOW, by=care.omar)
    found = survey_of(session, ticket)
    assert found is not None and (found.state, found.reason) == ("withdrawn", "merged")
