"""Campaigns on the screen: a question becomes one that runs, the agent's prompt, the customer's link."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from html import unescape
from io import StringIO
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from churn.campaigns import calling
from churn.campaigns.answering import answer
from churn.campaigns.audience import Audience
from churn.campaigns.drafting import change_arm, draft_campaign
from churn.campaigns.first_words import first_words
from churn.campaigns.judging import judge_due
from churn.campaigns.launching import launch, needs_second
from churn.campaigns.running import keep_results, stop
from churn.campaigns.sending import send_due
from churn.campaigns.tables import Campaign, CampaignMember
from churn.campaigns.tokens import PATH, token
from churn.domain.uplift.trial import Trial
from churn.domain.uplift.verdicts import LEAVING, TRANSFORMED, UPLIFT
from churn.uplift.judging import judged
from churn.uplift.tables import CampaignUplift
from notifications.consents.recording import record_consent
from tests.db.churn.conftest import Person, Supplier, supplier
from tests.web.churn.test_leavers import words_of
from tests.web.conftest import MakeClient
from tests.worlds.campaign_world import (
    HOUSEHOLD,
    NOW,
    TODAY,
    WHO,
    drafted,
    launched,
    nearly_over,
    populate,
    wanted,
)
from utility_crm.customers.tables import ContactPoint, CustomerFlag
from utility_crm.kit.settings import settings
from utility_crm.segments.actions import save_segment
from utility_crm.segments.domain.tree import document_of

SECRET = "only for tests"
FORM = {
    "name": "Day & Night for winter", "offer": "tariff", "tariff": "day_night", "amount": "",
    "saved": "", "tree": json.dumps(document_of(WHO)),
    "control": "30", "baseline": "2", "starts_on": "2026-11-20", "ends_on": "2026-12-31",
    "decides_on": "2027-01-31", "budget": "50.00", "a_day": "0", "margin": "", "margin_source": "",
    "cost_email": "0.04", "cost_sms": "0.06", "cost_letter": "0.90", "cost_call": "3.00",
    "cost_accepted": "0",
}  # fmt: skip
__all__ = ["supplier"]


@pytest.fixture(autouse=True)
def own_secret(monkeypatch: pytest.MonkeyPatch, demo_settings: None) -> Iterator[None]:
    monkeypatch.setenv("UTILITY_CRM_SECRET_KEY", SECRET)
    monkeypatch.setenv("UTILITY_CRM_PUBLIC_URL", "https://care.example")
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
def homes(session: Session, supplier: Supplier) -> list[Person]:
    return populate(session, supplier, 40)


def members(session: Session, campaign_id: int, arm: str) -> list[CampaignMember]:
    session.expire_all()
    found = select(CampaignMember).where(CampaignMember.campaign_id == campaign_id, CampaignMember.arm == arm)
    return list(session.scalars(found.order_by(CampaignMember.id)))


def test_from_a_question_to_a_running_campaign(
    make_client: MakeClient, session: Session, homes: list[Person]
) -> None:
    client = make_client("marketer")
    assert "No campaign runs." in client.get("/campaigns").text
    wrong = client.post("/campaigns", data=FORM | {"tariff": "", "name": ""})
    assert wrong.status_code == 422 and "This is needed." in wrong.text
    assert "Choose the tariff that is offered." in client.post("/campaigns", data=FORM | {"tariff": ""}).text
    made = client.post("/campaigns", data=FORM)
    assert made.status_code == 303
    path = made.headers["location"].partition("?")[0]
    page = words_of(client.get(f"{path}?ask=arms").text)
    assert "would be seen with a chance of 80 %" in page and "A, Letter" in page
    assert "You would have paid £34.20 less last year" in page
    assert "B, " not in page
    who = words_of(client.get(f"{path}?ask=who").text)
    assert "40 customers would be drawn." in who
    assert "Saving on tariff Day &amp; Night above £10.00 a year" in who and "its own" in who
    asked = client.post(f"{path}/launch", data={})
    assert asked.status_code == 200 and "Who and arms are frozen then" in asked.text
    assert "The budget pays for" not in asked.text
    sure = re.search(r'name="sure" value="([^"]+)"', asked.text)
    assert sure is not None
    assert client.post(f"{path}/launch", data={"sure": sure[1]}).status_code == 303
    row = session.scalars(select(Campaign).execution_options(populate_existing=True)).one()
    assert row.state == "running" and row.planned["groups"]["control"] > 0
    for ask in ("who", "saving", "not", "arms", "result", "keeps", "cost", "earns"):
        assert client.get(f"{path}?ask={ask}").status_code == 200, ask
    assert "Too early to say" in words_of(client.get(path).text)
    assert "Not known: nobody told what a customer earns." in words_of(client.get(f"{path}?ask=earns").text)
    stopped = client.post(f"{path}/stop", data={"because": "enough"})
    assert stopped.status_code == 303 and session.scalars(select(Campaign.state)).one() == "stopped"


def test_the_form_says_what_would_come_of_it(
    make_client: MakeClient, session: Session, supplier: Supplier, homes: list[Person]
) -> None:
    supplier.says(homes[0], TODAY - timedelta(days=3), complaint=True)
    session.flush()
    client = make_client("marketer")
    own = {**FORM, "ask": "new", "tree": FORM["tree"]}
    page = words_of(client.get("/campaigns", params=own).text)
    assert "40 customers fit." in page and "1 are left out before:" in page
    assert "A complaint, a late bill or a need of particular care comes first" in page
    said = re.search(r"A rise of at least ([\d.]+) points would be seen, with a chance of 80 %", page)
    assert said is not None and 5 < float(said[1]) < 60
    assert re.search(r"An e-mail to each who is asked costs £[01]\.\d\d", page)  # the lot decides how many
    assert "The budget pays for 1 of" in words_of(
        client.get("/campaigns", params={**own, "budget": "0.09"}).text
    )
    assert "Counted once all figures" in client.get("/campaigns", params={**own, "control": "many"}).text
    # only what the offer needs
    assert 'name="tariff"' in client.get("/campaigns?ask=new").text
    points = client.get("/campaigns", params={**own, "offer": "points"}).text
    assert 'name="tariff"' not in points and "How many points" in points and 'value="Day &amp;' in points
    assert 'name="amount"' not in client.get("/campaigns", params={**own, "offer": "audit"}).text
    # a segment taken along, and one that narrows it
    mine = save_segment(session, "Homes", HOUSEHOLD, NOW, by=None)
    taken = client.get(f"/campaigns?ask=new&saved={mine}").text
    assert f'<option value="{mine}" selected>Homes</option>' in taken
    made = client.post("/campaigns", data={**FORM, "saved": str(mine)}).headers["location"]
    who = words_of(client.get(f"{made.partition('?')[0]}?ask=who").text)
    assert "Homes" in who and "its own" in who
    # conditions that come to a draft that is there
    other = json.dumps(document_of(HOUSEHOLD))
    offered = client.get("/campaigns", params={"ask": "new", "tree": other}).text
    assert f"{made.partition('?')[0]}?ask=change&amp;tree=" in offered
    changed = client.get(made.partition("?")[0], params={"ask": "change", "tree": other}).text
    assert "Household or business is household." in changed
    # what is no question is said to be none, and refused: left out, everybody would be asked
    for typed in ("{", "[" * 50_000, '{"fact": "tariff", "op": "any_of", "values": ["\\ud800"]}'):
        form = client.post("/campaigns", data={**FORM, "tree": typed})
        assert form.status_code == 422 and "They cannot be read: nobody is asked." in words_of(form.text)
    assert "customers fit" not in client.get("/campaigns", params={"ask": "new", "tree": "{"}).text
    wrong = client.post("/campaigns", data={**FORM, "tree": '{"fact": "none", "op": "yes"}'})
    assert wrong.status_code == 422 and "There is no fact" in words_of(wrong.text)


def test_before_it_begins_it_says_whom_the_budget_does_not_reach_and_why_nobody_is_left(
    make_client: MakeClient, session: Session, homes: list[Person]
) -> None:
    client = make_client("marketer")
    kept = client.post("/campaigns", data={**FORM, "budget": "0.09"})
    path = kept.headers["location"].split("?")[0]
    asked = client.post(f"{path}/launch", data={})
    assert re.search(r"The budget pays for 1 of \d\d e-mails; who gets none counts as asked", asked.text)
    assert re.search(r"(Yes|Only a large one): a rise of [\d.]+ points", client.get(f"{path}?ask=arms").text)
    called = {"key": "A", "name": "Call", "weight": "1", "ways": "call"}
    assert client.post(f"{path}/arms/A", data=called).status_code == 303
    page = words_of(client.get(f"{path}?ask=arms").text)  # nobody agreed to be called
    assert "Nobody is left to ask. Of 40 who fit, 40 are left out for one reason:" in page
    refused = client.post(f"{path}/launch", data={})
    assert refused.status_code == 409 and 'name="sure"' not in refused.text, "nothing to be sure about"
    assert "Nobody is left to ask, so there is nothing to begin." in refused.text


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"budget": "0.05"}, "The budget does not pay for one letter"),
        ({"control": "5", "saved": "few"}, "Only 9 customers are left: too few to draw groups from."),
        ({"starts_on": "2026-10-01", "ends_on": "2026-11-19"}, "Its last day for an answer is over"),
    ],
)
def test_what_would_be_refused_is_not_asked_about_first(
    make_client: MakeClient,
    session: Session,
    homes: list[Person],
    changed: dict[str, str],
    said: str,
) -> None:
    client = make_client("marketer")
    for one in homes[9:] if changed.pop("saved", "") else ():
        session.add(
            CustomerFlag(
                customer_id=one.customer, kind="medical", consented_at=NOW, review_on=date(2027, 1, 1)
            )
        )
    session.flush()
    kept = client.post("/campaigns", data=FORM | changed)
    assert kept.status_code == 303
    begun = client.post(f"{kept.headers['location'].split('?')[0]}/launch", data={})
    assert begun.status_code == 409 and said in words_of(begun.text)
    assert 'name="sure"' not in begun.text
    assert session.scalar(select(Campaign.state)) == "draft"


def test_a_large_campaign_takes_two_people(
    make_client: MakeClient,
    session: Session,
    supplier: Supplier,
    homes: list[Person],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("UTILITY_CRM_CAMPAIGN_SECOND_PERSON_FROM", "40")
    settings.cache_clear()
    campaign_id = drafted(session, supplier)
    path = f"/campaigns/{campaign_id}"

    def begins(client: Any) -> str:
        asked = client.post(f"{path}/launch", data={})
        sure = re.search(r'name="sure" value="([^"]+)"', asked.text)
        if sure is not None:
            client.post(f"{path}/launch", data={"sure": sure[1]})
        session.expire_all()
        return str(session.scalar(select(Campaign.state)))

    first, second = make_client("marketer"), make_client("admin")
    assert begins(first) == "draft" and begins(first) == "draft"  # asking twice is no second person
    assert "You asked for it: a second person begins it." in first.get(f"{path}?ask=arms").text
    assert "A colleague asked for it to begin" in second.get(f"{path}?ask=arms").text
    first.post(f"{path}/draft", data=FORM | {"control": "25"})  # what was asked for is another now
    assert begins(second) == "draft" and begins(second) == "draft"
    assert begins(first) == "running"
    monkeypatch.delenv("UTILITY_CRM_CAMPAIGN_SECOND_PERSON_FROM")
    monkeypatch.setenv("UTILITY_CRM_CAMPAIGN_SECOND_PERSON_BUDGET", "1000")
    settings.cache_clear()
    row = session.get_one(Campaign, campaign_id)
    assert (row.budget_minor, needs_second(row, 10_000)) == (5_000, False)
    row.budget_minor = 100_000
    assert needs_second(row, 0)


def test_a_draft_whose_conditions_are_known_no_more_does_not_come_to_ask_everybody(
    make_client: MakeClient, session: Session, supplier: Supplier, homes: list[Person]
) -> None:
    campaign_id = draft_campaign(session, wanted(supplier), now=NOW, by=None)
    lost = {"fact": "offered_no_more", "op": "yes"}
    row = session.get_one(Campaign, campaign_id)
    row.audience = {"tree": lost, "segment_id": 999_999}
    session.flush()
    client, path = make_client("marketer"), f"/campaigns/{campaign_id}"
    form = client.get(f"{path}?ask=change").text
    assert "They cannot be read: nobody is asked." in words_of(form) and "customers fit" not in form
    assert '<option value="999999" selected>one that is there no more</option>' in form
    for change in ({"tree": json.dumps(lost)}, {"saved": "999999"}):
        assert client.post(f"{path}/draft", data=FORM | change).status_code == 422, change
    assert "customers fit" in client.get(f"{path}?ask=change&tree=&saved=").text


def test_arms_are_changed_added_and_dropped(
    make_client: MakeClient, session: Session, supplier: Supplier, homes: list[Person]
) -> None:
    campaign_id = draft_campaign(session, wanted(supplier), now=NOW, by=None)
    client, path = make_client("marketer"), f"/campaigns/{campaign_id}"
    words = first_words("tariff")
    given = {f"{part}_{language}": words[language][part] for language in words for part in words[language]}
    arm = {"key": "C", "name": "Call", "weight": "2", "ways": "call", **given}
    assert client.post(f"{path}/arms/C", data=arm).status_code == 303
    assert "C, Call" in client.get(f"{path}?ask=arms").text
    assert client.post(f"{path}/arms/C", data={**arm, "ways": ""}).status_code == 422
    assert 'value="Call"' in client.get(f"{path}?ask=arms&arm=C").text
    assert client.post(f"{path}/arms/C/drop", data={}).status_code == 303
    assert "C, Call" not in client.get(f"{path}?ask=arms").text
    changed = client.post(f"{path}/draft", data=FORM | {"name": "Another name", "control": "20"})
    assert changed.status_code == 303 and "Another name" in client.get(f"{path}?ask=change").text


def test_a_result_is_said_with_its_interval(
    make_client: MakeClient, session: Session, supplier: Supplier, homes: list[Person]
) -> None:
    campaign_id = launched(session, supplier)
    send_due(session, NOW, TODAY)
    for place, one in enumerate(members(session, campaign_id, "A") + members(session, campaign_id, "B")):
        if place % 3:
            answer(session, one.id, "accepted", via="link", today=TODAY, now=NOW)
    keep_results(session, NOW - timedelta(days=1), TODAY - timedelta(days=1))
    keep_results(session, NOW, TODAY)
    client = make_client("marketer")
    assert "Too early to say" in words_of(client.get(f"/campaigns/{campaign_id}").text)
    nearly_over(session, campaign_id)
    page = client.get(f"/campaigns/{campaign_id}").text
    said = words_of(page)
    assert "allows for looking every day" in said
    assert "more took it than of those left alone: between" in said and "works" in said
    assert page.count('class="pt"') >= 3 and 'class="lnc"' in page
    rows = list(csv.DictReader(StringIO(client.get(f"/campaigns/{campaign_id}/results.csv").text)))
    assert {row["outcome"] for row in rows} == {"taken", "lost"} and float(rows[0]["low"]) > 0
    russian = make_client("marketer", language="ru").get(f"/campaigns/{campaign_id}").text
    assert "Что это дало?" in russian


def test_a_verdict_is_said_with_its_day_and_what_moved_since(
    make_client: MakeClient, session: Session, supplier: Supplier, homes: list[Person]
) -> None:
    campaign_id = launched(session, supplier)
    path, client = f"/campaigns/{campaign_id}", make_client("marketer")
    assert "Too early to say: it is judged on 19 Jan 2027." in words_of(client.get(f"{path}?ask=result").text)
    keeps = words_of(client.get(f"{path}?ask=keeps").text)
    assert "Too early to say: it is judged on 19 Feb 2027." in keeps  # 91 days after the draw
    assert "22 Apr 2027" in words_of(client.get(f"{path}?ask=earns").text)
    # as if it had begun long before; the page comes before the clock
    session.execute(
        text("update campaigns set launched_at = :began, starts_on = cast(:began as date), "
             "ends_on = :last, decides_on = :day"),
        {"began": NOW - timedelta(days=160), "day": TODAY, "last": TODAY - timedelta(days=1)},
    )  # fmt: skip
    assert "Its day has come: the clock judges it within the hour." in words_of(client.get(path).text)
    assert "as of" in words_of(client.get(path).text)
    assert judge_due(session, NOW, TODAY) == 2
    # its day is over, but it is not known of all
    known = text("update campaign_members set billed_minor = 100 + id % 7 where arm <> '' and id % :part = 0")
    session.execute(known, {"part": 2})
    assert "Margin is judged once it is known" in words_of(client.get(path).text)
    session.execute(known, {"part": 1})
    assert "Margin is judged within the hour" in words_of(client.get(path).text)
    session.execute(text("update campaign_members set billed_minor = null"))
    session.execute(text("update campaigns set state = 'finished'"))
    page = client.get(path).text
    said = words_of(page)
    assert "No effect was seen" in said and "Judged on 20 Nov 2026, once" in said
    assert "bar: 95 % interval" in said and "moved" not in said
    listed = words_of(client.get("/campaigns?ask=over").text)
    assert "Uptake no effect seen" in listed and "Leaving no effect seen" in listed
    # what comes in late stands beside it
    session.execute(
        text("update campaign_verdicts set moved = cast(:moved as jsonb) "
             "where outcome = 'taken' and arm = ''"),
        {"moved": json.dumps({"on": "2026-11-25", "count": 9, "of": 28, "control": 0, "of_control": 12,
                              "effect": [0.321, 0.052, 0.51]})},
    )  # fmt: skip
    said = words_of(client.get(path).text)
    assert "No effect was seen" in said and "now +32.1" in said
    assert "on 25 Nov 2026 it was 9 of 28 against 0 of 12, +32.1 in 100 (+5.2 to +51.0)." in said
    rows = list(csv.DictReader(StringIO(client.get(f"{path}/results.csv").text)))
    assert {row["judged_on"] for row in rows} == {"2026-11-20"}
    russian = make_client("marketer", language="ru")
    assert "С тех пор цифры сдвинулись" in words_of(russian.get(path).text)
    listed = words_of(russian.get("/campaigns?ask=over").text)
    assert "Принятие эффекта не видно" in listed and "Согласие" not in listed  # that is consent


def test_that_some_accept_what_nobody_else_can_is_no_effect(
    make_client: MakeClient, session: Session, supplier: Supplier, homes: list[Person]
) -> None:
    points = {"offer": "points", "tariff_id": None, "amount": 500, "audience": Audience(HOUSEHOLD)}
    campaign_id = launched(session, supplier, **points)
    for one in members(session, campaign_id, "A") + members(session, campaign_id, "B"):
        answer(session, one.id, "accepted", via="link", today=TODAY, now=NOW)
    nearly_over(session, campaign_id)
    client = make_client("marketer")
    page = client.get(f"/campaigns/{campaign_id}?ask=result").text
    assert "Of 100 who were asked 100.0 accepted" in words_of(page)
    assert "so it shows no effect" in page and "counted" in page and '"verdict yes"' not in page
    rows = csv.DictReader(StringIO(client.get(f"/campaigns/{campaign_id}/results.csv").text))
    assert {row["verdict"] for row in rows if row["outcome"] == "taken"} == {"counted"}
    assert "£" in words_of(client.get(f"/campaigns/{campaign_id}?ask=cost").text)


def test_the_customer_accepts_by_one_click(
    make_client: MakeClient, session: Session, supplier: Supplier, homes: list[Person]
) -> None:
    campaign_id = launched(session, supplier)
    one, two, three = members(session, campaign_id, "A")[:3]
    client = make_client()
    path = f"{PATH}{token(SECRET, one.id)}"
    page = client.get(path)
    assert page.status_code == 200 and "set-cookie" not in page.headers
    language = session.scalar(text("select language from customers where id = :id"), {"id": one.customer_id})
    said = words_of(page.text)
    assert ("£34.20" if language == "en" else "34,20") in said
    assert ("£900.00" if language == "en" else "900,00") in said and ("99" in said or "100" in said)
    for secret in ("Person 0", "Test Row", "example.org", f"C{one.customer_id:05d}"):
        assert secret not in page.text
    assert session.scalar(select(CampaignMember.answer).where(CampaignMember.id == one.id)) == ""  # looking
    for _ in range(2):  # and its replay
        done = client.post(path, data={"answer": "accepted"}, headers={"Sec-Fetch-Site": "cross-site"})
        assert done.status_code == 303
    agreed = "select count(*) from agreements where account_id = :id and tariff_id = :tariff"
    assert session.scalar(text(agreed), {"id": one.account_id, "tariff": supplier.day_night}) == 1
    assert client.get(done.headers["location"]).status_code == 200
    assert client.post(path, data={"answer": "declined"}).status_code == 409
    no = f"{PATH}{token(SECRET, two.id)}"
    assert client.post(no, data={"answer": "declined"}).status_code == 303
    assert client.post(no, data={"answer": "perhaps"}).status_code == 422
    assert client.get(f"{PATH}nonsense").status_code == 404
    alone = members(session, campaign_id, "control")[0]
    assert client.get(f"{PATH}{token(SECRET, alone.id)}").status_code == 404
    session.execute(text("update campaigns set starts_on = '2026-01-01', ends_on = '2026-11-19'"))
    late = f"{PATH}{token(SECRET, three.id)}"
    assert client.get(late).status_code == 410
    assert client.post(late, data={"answer": "accepted"}).status_code == 410
    refused = [client.post(no, data={"answer": "declined"}).status_code for _ in range(30)]
    assert refused[0] == 303 and refused[-1] == 429


def test_a_tariff_that_would_have_cost_more_says_so(
    make_client: MakeClient, session: Session, supplier: Supplier, homes: list[Person]
) -> None:
    session.execute(text("update what_if_results set other_minor = own_minor + 1200"))
    offer = {"offer": "green", "audience": Audience(HOUSEHOLD)}
    one = members(session, launched(session, supplier, **offer), "A")[0]
    session.execute(text("update customers set language = 'en'"))
    said = words_of(make_client().get(f"{PATH}{token(SECRET, one.id)}").text)
    assert "More to pay £12.00" in said and "Less to pay" not in said


def test_nobody_lists_those_who_need_particular_care(
    make_client: MakeClient, session: Session, supplier: Supplier, homes: list[Person]
) -> None:
    session.add(
        CustomerFlag(
            customer_id=homes[0].customer, kind="medical", consented_at=NOW, review_on=date(2027, 1, 1)
        )
    )  # fmt: skip
    supplier.says(homes[1], TODAY, complaint=True)
    session.flush()
    campaign_id = launched(session, supplier)
    said = words_of(make_client("marketer").get(f"/campaigns/{campaign_id}?ask=not").text)
    assert "Care sees to them first" in said and "Person 00001" in said and "Person 00002" in said
    assert "comes first 2" in said
    assert "they need particular care" not in said and "complaint is open" not in said


def test_the_agent_brings_it_up_and_notes_the_answer(
    make_client: MakeClient, session: Session, supplier: Supplier, homes: list[Person]
) -> None:
    campaign_id = launched(session, supplier)
    prompted, quiet = members(session, campaign_id, "B")[0], members(session, campaign_id, "A")[0]
    client = make_client("agent")
    page = client.get(f"/customers/{prompted.customer_id}").text
    assert "Bring up: Day &amp; Night for winter" in page and "£34.20" in page
    assert "Bring up" not in client.get(f"/customers/{quiet.customer_id}").text
    alone = members(session, campaign_id, "control")[0]
    assert "Bring up" not in client.get(f"/customers/{alone.customer_id}").text
    panel = client.get(f"/customers/{prompted.customer_id}?do=q").text
    assert "They accept" in panel and "£900.00" in panel and "1 Dec 2026" in panel
    form = {"member": str(prompted.id), "answer": "accepted", "do": "q", "ask": ""}
    address = f"/customers/{prompted.customer_id}/offers"
    assert client.post(address, data=form).status_code == 303
    session.expire_all()
    one = session.get_one(CampaignMember, prompted.id)
    assert (one.answer, one.answered_via, one.outcome) == ("accepted", "desk", "changed")
    assert one.answered_by is not None
    assert "Bring up" not in client.get(f"/customers/{prompted.customer_id}").text
    # Another customer's offer is not theirs.
    wrong = client.post(f"/customers/{alone.customer_id}/offers", data={**form, "member": str(quiet.id)})
    assert wrong.status_code == 404
    assert make_client("marketer").post(address, data=form).status_code == 403
    assert session.scalar(text("select count(*) from audit_log where what = 'answer to an offer'")) == 1


def test_nothing_is_brought_up_while_care_comes_first_or_once_it_is_stopped(
    make_client: MakeClient, session: Session, supplier: Supplier, homes: list[Person]
) -> None:
    campaign_id = launched(session, supplier)
    one, two, three = members(session, campaign_id, "B")[:3]
    client = make_client("agent")
    assert "Bring up" in client.get(f"/customers/{one.customer_id}").text
    assert "Bring up" in client.get(f"/customers/{three.customer_id}").text
    record_consent(
        session, three.customer_id, "marketing", "email", granted=False, now=NOW, proof="the link in a letter"
    )
    session.flush()
    assert "Bring up" not in client.get(f"/customers/{three.customer_id}").text  # no way is agreed to now
    complains = next(person for person in homes if person.customer == one.customer_id)
    supplier.says(complains, TODAY, complaint=True)
    session.flush()
    assert "Bring up" not in client.get(f"/customers/{one.customer_id}").text
    assert "Bring up" in client.get(f"/customers/{two.customer_id}").text
    stop(session, campaign_id, "enough", now=NOW, by=None)
    assert "Bring up" not in client.get(f"/customers/{two.customer_id}").text
    assert "They accept" in client.get(f"/customers/{two.customer_id}?do=q").text  # what it said stands


def test_a_telephone_list_is_worked_through(
    make_client: MakeClient,
    session: Session,
    supplier: Supplier,
    homes: list[Person],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for one in homes[:30]:
        number = f"+44770090{one.customer % 10000:04d}"
        session.add(ContactPoint(customer_id=one.customer, kind="phone", value=number, normal=number))
        session.flush()
        record_consent(
            session,
            one.customer,
            "marketing",
            "call",
            granted=True,
            now=NOW - timedelta(days=3),
            proof="a call",
        )
    campaign_id = drafted(session, supplier)
    change_arm(
        session, campaign_id, "B", name="Call", weight=1, ways=("call",), words=first_words("tariff"),
        now=NOW, by=None,
    )  # fmt: skip
    launch(session, campaign_id, today=TODAY, now=NOW, by=None)
    why = dict(session.execute(text("select reason, count(*) from campaign_members group by 1")).all())
    assert why["no_call_consent"] == 10
    listed = members(session, campaign_id, "B")
    session.execute(text("delete from consents where customer_id = :id"), {"id": listed[0].customer_id})
    client, path = make_client("agent"), f"/campaigns/{campaign_id}"
    monkeypatch.setattr(calling, "decent_from", lambda now, zone: now + timedelta(hours=5))
    night = client.post(f"{path}/calls/next", data={})
    assert night.status_code == 409 and "It is night" in words_of(night.text)
    monkeypatch.setattr(calling, "decent_from", lambda now, zone: now)
    assert f"{len(listed)} customers are still to be called." in words_of(
        client.get(f"{path}?ask=calls").text
    )
    went = client.post(f"{path}/calls/next", data={}).headers["location"]
    assert went == f"/customers/{listed[1].customer_id}?do=q"  # who withdrew is passed over
    other = make_client("supervisor").post(f"{path}/calls/next", data={}).headers["location"]
    assert other == f"/customers/{listed[2].customer_id}?do=q"  # held for whoever asked first
    form = {"member": str(listed[1].id), "campaign": str(campaign_id), "answer": "no_answer"}
    assert client.post(f"/customers/{listed[1].customer_id}/offers", data=form).status_code == 303
    again = client.post(f"{path}/calls/next", data={}).headers["location"]
    assert again == f"/customers/{listed[3].customer_id}?do=q"
    no = {"member": str(listed[3].id), "campaign": str(campaign_id), "answer": "do_not_call"}
    assert client.post(f"/customers/{listed[5].customer_id}/offers", data=no).status_code == 404
    assert client.post(f"/customers/{listed[3].customer_id}/offers", data=no).status_code == 303
    newest = text(
        "select granted from consents where customer_id = :id and channel = 'call' order by id desc limit 1"
    )
    assert session.scalar(newest, {"id": listed[3].customer_id}) is False
    yes = {"member": str(listed[4].id), "campaign": str(campaign_id), "answer": "accepted"}
    assert client.post(f"/customers/{listed[4].customer_id}/offers", data=yes).status_code == 303
    row = session.get_one(CampaignMember, listed[4].id, populate_existing=True)
    assert (row.answer, row.answered_via, row.call_result, row.call_tries) == (
        "accepted",
        "call",
        "talked",
        1,
    )


def test_who_may_not(
    make_client: MakeClient, session: Session, supplier: Supplier, homes: list[Person]
) -> None:
    campaign_id = draft_campaign(session, wanted(supplier), now=NOW, by=None)
    agent, ops = make_client("agent"), make_client("ops")
    assert agent.post("/campaigns", data=FORM).status_code == 403
    assert agent.post(f"/campaigns/{campaign_id}/launch", data={}).status_code == 403
    assert ops.get("/campaigns").status_code == 403
    assert agent.get("/campaigns/999999").status_code == 404


def test_whom_it_moves_is_said_before_and_after_its_day(
    make_client: MakeClient, session: Session, supplier: Supplier, homes: list[Person]
) -> None:
    campaign_id = launched(session, supplier)
    client, path = make_client("marketer"), f"/campaigns/{campaign_id}?ask=moves"
    assert "Too early to say: it is learned on" in words_of(client.get(path).text)
    counts = {"customers": 40, "asked": 28, "asked_had": 3, "alone": 12, "alone_had": 1, "fewest": 20,
              "alone_cannot": False}  # fmt: skip
    kept = {"campaign_id": campaign_id, "outcome": "taken", "day": TODAY, "made_at": NOW}
    session.add(CampaignUplift(**kept, arm="", state="too_few", figures=counts))
    session.flush()
    assert "each group needs 20 who did and 20 who did not" in words_of(client.get(path).text)
    session.execute(text("delete from campaign_uplift"))
    draw = np.random.default_rng(5)
    scores, asked = draw.random(1500), draw.permutation(1500) < 1000
    trial = Trial(asked, draw.random(1500) < 0.1 + 0.5 * scores * asked)
    for name, leaving, said in (
        ("A", draw.random(1500), "Uplift ranks better than the chance of leaving"),
        ("", 2 * scores, "The chance of leaving ranks as well as uplift"),
    ):
        rankings = {UPLIFT: scores, TRANSFORMED: scores + draw.random(1500), LEAVING: leaving}
        told = judged(trial, rankings, reached=True, worth_minor=500.0, cost_minor=40.0, repeats=100)
        session.execute(text("delete from campaign_uplift where arm = ''"))
        for arm in {"", name}:
            figures = counts | told
            session.add(CampaignUplift(**kept, arm=arm, state="told", figures=figures))
        session.flush()
        page = client.get(path).text
        assert said in words_of(page) and page.count('class="pt"') >= 3
    assert 'class="band"' in page and 'class="ln2"' in page and "style=" not in page
    assert page.count("<tr") >= 10 + 3 and "Arm by arm" in page
    assert "How many of the highest would it pay to ask?" in words_of(page)
    (whom,) = re.findall(r'href="(/segments/new\?[^"]+)"', page)
    code = session.get_one(Campaign, campaign_id).code
    assert unescape(whom).endswith(f"&of.1={code}&a.1=8.0")  # 0.40 to ask, 5.00 to earn
    today = words_of(client.get(unescape(whom)).text)
    assert (
        f"Read back: Won by asking as in campaign {code}, Day &amp; Night for winter at least 8 more of 100."
        in today
    )
    assert "is not worked out yet" in today  # the clock has not told anybody
    for won, said in ((0.03, "from 3.0 more of 100 on, as it won on the whole"),
                      (-0.02, "from 0.1 more of 100 on: on the whole it won nobody")):  # fmt: skip
        session.execute(
            text("update campaign_uplift set figures = figures || jsonb_build_object('cut', null, 'effect', "
                 "jsonb_build_object('difference', cast(:won as float), 'low', -0.1, 'high', 0.1))"),
            {"won": won},
        )  # fmt: skip
        session.expire_all()
        assert said in words_of(client.get(path).text)
    # of so many newer ones everybody is told, and of this one nobody any more
    for _ in range(8):
        newer = text(
            "insert into campaign_uplift (campaign_id, outcome, arm, day, made_at, state, figures, model) "
            "select :newer, outcome, arm, day + 1, made_at, state, figures, model from campaign_uplift "
            "where campaign_id = :id and arm = ''"
        )
        session.execute(newer, {"newer": drafted(session, supplier), "id": campaign_id})
    assert "moved_by" not in client.get(path).text
    russian = make_client("marketer", language="ru").get(path).text
    assert "На кого это действует?" in russian and "Вероятность ухода упорядочивает" in russian
