"""What a customer sees who clicks a score in our letter."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.db.tickets.conftest import Care
from tests.web.conftest import MakeClient
from tests.web.surveys.conftest import as_kept, paths_of, sent
from utility_crm.customers.tables import Customer
from utility_crm.surveys.answering import MOST_CHANGES
from utility_crm.tickets.domain.numbers import number_of
from utility_crm.web.visit import present


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def checked(page: str) -> list[str]:
    return re.findall(r'name="score" value="(\d+)"[^>]* checked', page)


@pytest.mark.parametrize("question", ["csat", "nps"])
def test_looking_is_no_answer_however_many_scanners_look(
    session: Session, care: Care, make_client: MakeClient, question: str
) -> None:
    survey, client = sent(care, question), make_client()
    before = session.execute(text("select * from surveys")).all()
    for score, path in paths_of(survey).items():
        for ask in (client.get, client.head):
            shown = ask(path)
            assert shown.status_code in (200, 405)
        shown = client.get(path)
        assert checked(shown.text) == ([] if score is None else [str(score)])
        assert "set-cookie" not in shown.headers and shown.headers["x-robots-tag"] == "noindex, nofollow"
    assert session.execute(text("select * from surveys")).all() == before
    assert session.scalar(text("select count(*) from survey_answers")) == 0


def test_nobodys_data_stands_there(care: Care, make_client: MakeClient) -> None:
    shown = make_client().get(paths_of(sent(care))[4]).text
    assert "T-" in shown and not re.search("Margaret|Ashdown|Why so high|post.example|<script>", shown)


def test_one_click_answers_and_it_may_be_changed(
    session: Session, care: Care, make_client: MakeClient
) -> None:
    survey, client = sent(care), make_client()
    path = paths_of(survey)[4]
    done = client.post(path, data={"score": "4", "comment": ""})
    assert (done.status_code, done.headers["location"]) == (303, f"{path}?thanks=1")
    thanked = client.get(done.headers["location"]).text
    assert "Thank you for your answer" in words(thanked) and checked(thanked) == ["4"]
    other = paths_of(survey)[2]
    again = client.get(other).text
    assert checked(again) == ["2"] and "Change the answer" in words(again)
    client.post(other, data={"score": "1", "comment": "It is not solved"})
    kept = as_kept(session, survey)
    assert (kept.score, kept.comment) == (1, "It is not solved")
    back = client.get(f"{other}?thanks=1").text
    assert checked(back) == ["1"] and "It is not solved" in back and "A person will look at it" in words(back)


@pytest.mark.parametrize(
    ("given", "status", "said"),
    [
        ({"comment": "kept as typed"}, 422, "Choose a number first."),
        ({"score": "6", "comment": "kept as typed"}, 422, "Choose a number first."),
        ({"score": "٣", "comment": "kept as typed"}, 422, "Choose a number first."),
        ({"score": "3", "comment": "kept as typed" + "x" * 1000}, 422, "At most 1000 characters"),
    ],
)
def test_what_cannot_be_comes_back_as_typed(
    session: Session, care: Care, make_client: MakeClient, given: dict[str, str], status: int, said: str
) -> None:
    survey = sent(care)
    refused = make_client().post(paths_of(survey)[None], data=given)
    assert refused.status_code == status and said in words(refused.text) and "kept as typed" in refused.text
    assert as_kept(session, survey).score is None


def test_too_late_too_often_and_not_ours(session: Session, care: Care, make_client: MakeClient) -> None:
    client = make_client()
    over = sent(care, expires_at=present() - timedelta(minutes=1))
    assert client.get(paths_of(over)[5]).status_code == 410
    refused = client.post(paths_of(over)[5], data={"score": "5"})
    assert refused.status_code == 410 and "This survey is over" in words(refused.text)
    assert as_kept(session, over).score is None
    assert client.get("/survey/WzEsNV0.forged").status_code == 404
    assert client.post("/survey/WzEsNV0.forged", data={"score": "5"}).status_code == 404
    open_one = paths_of(sent(care))[5]
    for place in range(MOST_CHANGES):
        assert client.post(open_one, data={"score": "5", "comment": str(place)}).status_code == 303
    stopped = client.post(open_one, data={"score": "4"})
    assert stopped.status_code == 429 and "quarter of an hour" in words(stopped.text)


def test_it_speaks_the_customers_language(session: Session, care: Care, make_client: MakeClient) -> None:
    session.get_one(Customer, care.margaret).language = "ru"
    session.flush()
    survey, client = sent(care, "nps"), make_client()
    shown = client.get(paths_of(survey)[9], headers={"Accept-Language": "en"}).text
    assert '<html lang="ru"' in shown and "порекомендуете" in shown
    client.post(paths_of(survey)[9], data={"score": "9"})
    assert "Спасибо" in client.get(f"{paths_of(survey)[9]}?thanks=1").text


def test_the_ticket_and_the_customer_show_it(care: Care, make_client: MakeClient) -> None:
    survey, client = sent(care), make_client()
    client.post(paths_of(survey)[2], data={"score": "2", "comment": "Nobody called me back"})
    agent = make_client("supervisor")
    ticket = words(agent.get(f"/tickets/{number_of(survey.ticket_id)}").text)
    assert "2 of 5, dissatisfied" in ticket and "Nobody called me back" in ticket
    assert "the customer rated it" in words(
        agent.get(f"/tickets/{number_of(survey.ticket_id)}?ask=happened").text
    )
    assert "They rated it 2 of 5: Why so high" in words(agent.get(f"/customers/{care.margaret}").text)
