"""The knowledge base's pages: written, reviewed by another, found, read in public without a sign-in."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from tests.web.conftest import MakeClient
from tests.web.people import People
from utility_crm.auth.doors import HELPED, LOOKED_FOR, MISSED
from utility_crm.auth.tables import User
from utility_crm.knowledge.actions import Written, approve, begin_article, hand_in, write_version
from utility_crm.tickets.actions import open_ticket
from utility_crm.tickets.domain.numbers import number_of

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
TODAY = NOW.date()
FORM = {
    "slug": "estimated-bill", "title": "Why was my bill estimated?", "answer": "We had no reading.",
    "body": "Send **a reading**.\n\n<script>alert(1)</script> [bad](javascript:x)", "keywords": "guess",
    "audience": "public", "category": "bills", "tags": "estimate, meter", "valid_from": "",
    "valid_until": "", "note": "first", "language": "en", "seen": "0", "question": "why",
}  # fmt: skip
Client = Callable[[str], TestClient]


@pytest.fixture
def client(make_client: MakeClient) -> Client:
    def made(role: str) -> TestClient:
        found = make_client(role)
        found.headers["Origin"] = "http://testserver"
        return found

    return made


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


@pytest.fixture
def stranger(client: Client) -> TestClient:
    agent = client("ops")
    found = TestClient(agent.app, base_url="http://testserver", follow_redirects=False)
    found.headers["Origin"] = "http://testserver"
    return found


@pytest.fixture
def approved(session: Session) -> int:
    """One public article in both languages, one for us alone."""
    people = [
        User(login=f"writer{number}", name=f"Writer {number}", role="agent", password_hash="nobody's")
        for number in range(2)
    ]
    session.add_all(people)
    session.flush()
    author, editor = (one.id for one in people)
    first = 0
    for slug, language, audience, title in (
        ("estimated", "en", "public", "Why was my bill estimated?"),
        ("estimated", "ru", "public", "Почему счёт по оценке?"),
        ("secret", "en", "agents", "How we reckon an estimate"),
    ):
        begun = session.scalar(text("select id from articles where slug = :slug"), {"slug": slug})
        begun = begun or begin_article(
            session, slug=slug, category="bills", now=NOW, by=author, questions=["why", "reach"]
        )
        body = "There was *no* reading.\n\n<img src=x onerror=alert(1)>"
        version = write_version(
            session, begun, language, Written(title, "No reading came.", body, audience=audience), now=NOW,
            by=author,
        )  # fmt: skip
        assert version is not None
        hand_in(session, version, now=NOW, by=author)
        approve(session, version, now=NOW, today=TODAY, by=editor)
        first = first or version
    return first


def test_from_an_idea_to_what_everybody_reads(client: Client, stranger: TestClient, session: Session) -> None:
    agent, boss = client("agent"), client("supervisor")
    refused = agent.post("/knowledge/new", data=FORM)
    assert refused.status_code == 422 and "may not link to “javascript:x”" in words(refused.text)
    form = {**FORM, "body": "Send **a reading**.\n\n<script>alert(1)</script>", "hand_in": "yes"}
    made = agent.post("/knowledge/new", data=form)
    assert made.headers["location"] == "/knowledge/estimated-bill?language=en"
    assert stranger.get("/help/estimated-bill").status_code == 404, "nobody sees it before it is approved"
    page = agent.get("/knowledge/estimated-bill").text
    assert "waiting for review" in words(page) and "<strong>a reading</strong>" in page
    assert "<script>alert" not in page and "&lt;script&gt;alert" in page
    version = session.scalar(text("select id from article_versions"))
    given = {"version": str(version), "language": "en"}
    assert agent.post("/knowledge/estimated-bill/review/approve", data=given).status_code == 403
    assert "1" in words(boss.get("/knowledge?ask=review").text)
    assert boss.post("/knowledge/estimated-bill/review/approve", data=given).status_code == 303
    again = boss.post("/knowledge/estimated-bill/review/approve", data=given)
    assert again.status_code == 409 and "approved already" in words(again.text)
    public = stranger.get("/help/estimated-bill")
    assert public.status_code == 200 and "<strong>a reading</strong>" in public.text
    assert "set-cookie" not in public.headers


def test_nobody_approves_their_own(client: Client, session: Session) -> None:
    boss = client("supervisor")
    boss.post("/knowledge/new", data={**FORM, "body": "x", "hand_in": "yes"})
    version = session.scalar(text("select id from article_versions"))
    page = words(boss.get("/knowledge/estimated-bill").text)
    assert "You wrote it: somebody else has to approve it." in page
    given = {"version": str(version), "language": "en"}
    answer = boss.post("/knowledge/estimated-bill/review/approve", data=given)
    assert answer.status_code == 409 and "somebody else has to approve it" in words(answer.text)
    assert session.scalar(text("select count(*) from article_approvals")) == 0


def test_a_new_version_is_compared_with_the_one_that_is_shown(
    client: Client, approved: int, session: Session
) -> None:
    agent = client("agent")
    form = agent.get("/knowledge/estimated/edit?language=en").text
    assert 'name="seen" value="1"' in form and "There was *no* reading." in form
    sent = {**FORM, "title": "Why was my bill estimated?", "answer": "No reading has come.", "body": "New."}
    sent["seen"] = "1"
    assert agent.post("/knowledge/estimated/edit", data=sent).status_code == 303
    late = agent.post("/knowledge/estimated/edit", data={**sent, "answer": "Another."})
    assert late.status_code == 409 and "Somebody wrote version 2 meanwhile" in words(late.text)
    page = agent.get("/knowledge/estimated/versions?language=en").text
    assert "<ins>has come</ins>" in page
    assert "<del>came</del>" in page and "From version 1 to version 2" in words(page)
    shown = words(agent.get("/knowledge/estimated?language=en").text)
    assert "No reading came." in shown and "Version 2 is being worked on." in shown
    same = agent.post("/knowledge/estimated/edit", data={**sent, "seen": "2", "note": "no change"})
    assert same.status_code == 303
    assert session.scalar(text("select count(*) from article_versions where language = 'en'")) == 3


def test_a_search_finds_misspelt_words_and_keeps_what_it_does_not_find(
    client: Client, approved: int, session: Session
) -> None:
    agent = client("agent")
    page = words(agent.get("/knowledge?q=estimatde").text)
    assert "Read as: estimate" in page and "2 articles answer “estimate”." in page
    typed = agent.get("/knowledge/found?q=estim&into=reply").text
    assert 'data-insert="#reply"' in typed and "/help/estimated?language=en" in typed
    assert agent.get("/knowledge?q=heat+pump").status_code == 200
    assert agent.get("/knowledge/found?q=half+typed").status_code == 200
    assert "heat pump" in words(agent.get("/knowledge?ask=misses").text)
    assert session.scalars(text("select words from article_misses")).all() == ["heat pump"]


def test_a_stranger_reads_what_is_public_in_their_language(stranger: TestClient, approved: int) -> None:
    shelf = stranger.get("/help", headers={"accept-language": "en"}).text
    assert "Why was my bill estimated?" in shelf and "How we reckon" not in shelf
    assert stranger.get("/help/secret").status_code == 404
    assert stranger.get("/help?q=reckon").text.count("How we reckon") == 0
    russian = stranger.get("/help/estimated", headers={"accept-language": "ru"})
    assert 'lang="ru"' in russian.text and "Почему счёт по оценке?" in russian.text
    assert "onerror=alert(1)&gt;" in russian.text and "<img" not in russian.text
    found = words(stranger.get("/help?q=оценка&language=ru").text)
    assert "Почему счёт по оценке?" in found


def test_votes_of_both_count(client: Client, stranger: TestClient, approved: int, session: Session) -> None:
    agent = client("agent")
    assert (
        agent.post("/knowledge/estimated/helped", data={"helpful": "no", "language": "en"}).status_code == 303
    )
    for helpful in ("yes", "no"):
        sent = {"helpful": helpful, "language": "en", "missing": "a picture"}
        answer = stranger.post("/help/estimated/helped", data=sent)
        assert answer.status_code == 303
    assert "Thank you for telling us." in words(stranger.get(answer.headers["location"]).text)
    rows = session.execute(text("select voter, helpful, missing from article_votes order by id")).all()
    assert [(row.helpful, row.missing) for row in rows] == [(False, ""), (False, "a picture")]
    assert rows[1].voter.startswith("web-") and "testclient" not in rows[1].voter
    assert "0 of 2" in words(agent.get("/knowledge").text)


def test_articles_stand_beside_the_customers_question(client: Client, approved: int, people: People) -> None:
    agent = client("agent")
    path = f"/customers/{people.margaret}"
    panel = agent.get(f"{path}/acts/h?ask=reach", headers={"HX-Request": "true"}).text
    assert "Why was my bill estimated?" in panel and 'data-copy="No reading came."' in panel
    other = agent.get(f"{path}/acts/h?ask=said", headers={"HX-Request": "true"}).text
    assert "Why was my bill estimated?" not in other and "No article stands beside this question" in words(
        other
    )


def test_an_article_is_retired_with_a_reason_and_brought_back(
    client: Client, stranger: TestClient, approved: int
) -> None:
    boss = client("supervisor")
    assert boss.post("/knowledge/estimated/retire", data={"because": ""}).status_code == 422
    assert boss.post("/knowledge/estimated/retire", data={"because": "not true now"}).status_code == 303
    assert stranger.get("/help/estimated").status_code == 404
    assert "not true now" in words(boss.get("/knowledge/estimated").text)
    boss.post("/knowledge/estimated/retire", data={"back": "yes"})
    assert stranger.get("/help/estimated").status_code == 200


@pytest.mark.parametrize("role", ["marketer", "agent"])
def test_who_may_not_write_or_approve_is_refused(client: Client, approved: int, role: str) -> None:
    one = client(role)
    assert one.get("/knowledge/estimated").status_code == 200
    expected = 403 if role == "marketer" else 200
    assert one.get("/knowledge/new").status_code == expected
    assert one.get("/knowledge/estimated/edit").status_code == expected
    assert one.post("/knowledge/estimated/retire", data={"because": "x"}).status_code == 403


def test_a_tickets_words_bring_the_article_that_answers_it(
    client: Client, approved: int, session: Session, people: People
) -> None:
    agent = client("agent")
    opened = open_ticket(
        session, kind="billing", subject="My bill", text="Why is it estimated and not read?", channel="web",
        now=NOW, customer_id=people.margaret,
    )  # fmt: skip
    number = number_of(opened)
    page = agent.get(f"/tickets/{number}").text
    assert f'hx-get="/tickets/{number}/articles"' in page and 'id="f-answer-text"' in page
    panel = agent.get(f"/tickets/{number}/articles", headers={"HX-Request": "true"}).text
    assert "Why was my bill estimated?" in panel and 'data-insert="#f-answer-text"' in panel
    assert 'data-text="No reading came."' in panel


def test_articles_stand_below_the_customers_in_the_search_box(client: Client, approved: int) -> None:
    agent = client("agent")
    box = agent.get("/customers/found", params={"q": "estimated"}, headers={"HX-Request": "true"}).text
    path = re.search(r'hx-get="(/knowledge/named[^"]*)"', box)
    assert path is not None
    listed = agent.get(path[1], headers={"HX-Request": "true"}).text
    assert 'role="option"' in listed and 'data-href="/knowledge/' in listed and approved
    assert agent.get("/knowledge/named?q=xyzzyq").text.strip() == ""


def test_strangers_votes_searches_and_misses_are_counted_by_where_they_come_from(
    session: Session, stranger: TestClient, approved: int
) -> None:
    """Another browser is not another place; what was counted says nobody's address."""
    said = {"helpful": "no", "language": "en"}
    for place in range(HELPED.most):
        sent = stranger.post("/help/estimated/helped", data=said, headers={"User-Agent": f"b{place}"})
        assert sent.status_code == 303
    late = stranger.post("/help/estimated/helped", data=said, headers={"User-Agent": "another"})
    assert late.status_code == 429 and late.headers["retry-after"] == "900"
    assert session.scalar(text("select count(*) from article_votes")) == HELPED.most
    for place in range(LOOKED_FOR.most):
        assert stranger.get(f"/help?q=zzqx{chr(97 + place % 26) * 4}").status_code == 200
    assert stranger.get("/help?q=estimated").status_code == 429
    assert stranger.get("/help").status_code == stranger.get("/help/estimated").status_code == 200
    missed = session.scalar(text("select count(*) from article_misses"))
    assert 0 < missed <= MISSED.most
    kept = session.execute(text("select name, place from guesses where kind like 'door:%'")).all()
    assert len(kept) == 3 and "testclient" not in str(kept)
    session.execute(text("update guesses set at = array(select t - interval '15 minutes' from unnest(at) t)"))
    assert stranger.post("/help/estimated/helped", data=said).status_code == 303
