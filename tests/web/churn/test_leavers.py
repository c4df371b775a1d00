"""The marketer's list: ranked, with reasons in words and honest figures above it; and who may see it."""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime
from io import StringIO

import pytest
from sqlalchemy.orm import Session

from churn.tables import ChurnModel, ChurnScore
from tests.web.churn.conftest import AS_OF, Scored
from tests.web.conftest import MakeClient
from utility_crm.customers.tables import Contact

ASKED = ("who", "good", "why", "lost")


def words_of(page: str) -> str:
    """The page's text, in one line, its blanks plain ones."""
    main = page[page.index("<body") :] if "<body" in page else page
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main))


def names_of(page: str) -> list[str]:
    return re.findall(r"data-row>([^<]+)</a>", page)


def test_the_list_is_ranked_with_reasons_in_words(make_client: MakeClient, scored: Scored) -> None:
    client = make_client("marketer")
    answer = client.get("/leavers")
    assert answer.status_code == 200
    assert names_of(answer.text) == ["Ada Example", "=Works &amp; Sons", "Bela Example", "Cleo Example"]
    words = words_of(answer.text)
    assert "31 % 3.1 × Complaint unanswered since 11 Nov +9" in words
    assert "Day &amp; Night would cost less, −£7.36 in four weeks +4" in words
    assert "nothing about them raises it" in words
    assert f'href="/customers/{scored.ada.customer}"' in answer.text
    assert "Households, Moorside, Steady" in words


def test_the_honest_figures_stand_above_the_list(
    make_client: MakeClient, scored: Scored, session: Session
) -> None:
    (model,) = session.query(ChurnModel).all()
    test = model.figures["test"]["figures"]
    words = words_of(make_client("marketer").get("/leavers").text)
    above = words[: words.index("Complaint unanswered")]
    left = round(test["leavers_in_top"])
    assert f"of the 100 it placed highest on 21 Aug 2026, {left} had left by 19 Nov 2026" in above
    assert f"{test['lift']:.1f} × as many as by chance" in above
    assert "Of 4 customers about 1 will leave by 18 Feb; 2 are at least twice as likely as usual." in above


def test_how_good_is_this(make_client: MakeClient, scored: Scored, session: Session) -> None:
    (model,) = session.query(ChurnModel).all()
    test = model.figures["test"]["figures"]
    words = words_of(make_client("marketer").get("/leavers?ask=good").text)
    area = [f"{100 * test[name]:.1f} %" for name in ("auc", "auc_low", "auc_high")]
    assert f"in {area[0]} of pairs, with 95 in 100 between {area[1]} and {area[2]}" in words
    assert f"{test['brier']:.4f}; with the usual chance for everybody {test['brier_usual']:.4f}" in words
    assert "12 who moved away, died or were cut off in that time" in words
    first = test["tenths"][-1]
    assert f"1 {100 * first['predicted']:.1f} % {100 * first['left'] / first['customers']:.1f} %" in words


def test_why_do_they_leave(make_client: MakeClient, scored: Scored) -> None:
    words = words_of(make_client("marketer").get("/leavers?ask=why").text)
    assert "At the top of the list “ Complaints ” weighs most" in words
    assert "Complaints 1 +9.4" in words and "A cheaper tariff of ours 2 +4.0" in words
    assert "Complaints unanswered 0.12 0.03" in words
    assert "Highest of three bills against the three before +8.0 % +5.0 %" in words
    assert "Feeds solar power in" not in words  # no difference is no finding


def test_whom_did_we_lose(make_client: MakeClient, scored: Scored) -> None:
    answer = make_client("marketer").get("/leavers?ask=lost")
    words = words_of(answer.text)
    assert names_of(answer.text) == ["Lost Example"]
    assert (
        "One customer chose another supplier since 22 Aug. In the first fifth of the list before: 1 ."
        in words
    )
    assert "11 Nov 2026 31 % 12 of 1,000" in words
    assert "Not counted, for it was no choice between suppliers: moved away 1 ." in words


def test_the_list_narrows_by_segment_and_area(make_client: MakeClient, scored: Scored) -> None:
    client = make_client("marketer")
    assert names_of(client.get("/leavers?segment=small_business").text) == ["=Works &amp; Sons"]
    valley = client.get("/leavers?area=V")
    assert names_of(valley.text) == ["Bela Example"]
    assert '<option value="V" selected>Valley</option>' in valley.text
    assert "/leavers.csv?ask=who&amp;segment=&amp;area=V" in valley.text
    assert "Nobody here is scored." in client.get("/leavers?area=M&segment=industry").text


def asked_of(page: str) -> list[str]:
    """The links of the questions beside the sheet."""
    bar = page[page.index('<ol id="asks"') :].replace("&amp;", "&")
    return re.findall(r'<a href="([^"]+)"', bar[: bar.index("</ol>")])


def test_a_choice_goes_along_to_the_other_questions(make_client: MakeClient, scored: Scored) -> None:
    client = make_client("marketer")
    assert asked_of(client.get("/leavers").text) == [f"/leavers?ask={ask}" for ask in ASKED]
    kept = [f"/leavers?ask={ask}&segment=household&area=V" for ask in ASKED]
    for ask in ASKED:
        page = client.get(f"/leavers?ask={ask}&segment=household&area=V").text
        assert asked_of(page) == kept
    swapped = client.get(kept[0], headers={"HX-Request": "true", "HX-Trigger": "narrow"}).text
    assert asked_of(swapped) == kept and '<ol id="asks" hx-swap-oob="true">' in swapped
    clicked = client.get(kept[0], headers={"HX-Request": "true"}).text
    assert 'id="asks"' not in clicked, "the question that was clicked keeps the cursor"


def test_the_figures_beside_the_questions_are_of_the_choice(make_client: MakeClient, scored: Scored) -> None:
    words = words_of(make_client("marketer").get("/leavers?ask=good&area=V").text)
    assert "Who may leave? 0 at 20 % or more" in words and "A cheaper tariff of ours weighs most" not in words


def test_a_chosen_question_is_a_fragment(make_client: MakeClient, scored: Scored) -> None:
    fragment = make_client("marketer").get("/leavers?ask=good", headers={"HX-Request": "true"}).text
    assert "<html" not in fragment and "How good is this?" in fragment
    assert 'id="bar-download"' in fragment and "hx-swap-oob" in fragment


def test_the_list_comes_as_a_file(make_client: MakeClient, scored: Scored) -> None:
    answer = make_client("marketer").get("/leavers.csv?segment=&area=M")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="leavers-2026-11-20.csv"'
    rows = list(csv.DictReader(StringIO(answer.text)))
    assert [row["rank"] for row in rows] == ["1", "2", "4"]
    assert rows[0]["chance"] == "0.3100" and rows[0]["points_1"] == "+9"
    assert rows[0]["reason_2"] == "Day & Night would cost less"
    assert rows[1]["name"] == "'=Works & Sons"  # a spreadsheet must not run it


@pytest.mark.parametrize("path", ["/leavers", "/leavers.csv"])
@pytest.mark.parametrize("role", ["agent", "ops"])
def test_the_list_is_for_marketers(make_client: MakeClient, scored: Scored, role: str, path: str) -> None:
    answer = make_client(role).get(path)
    assert answer.status_code == 403
    assert "Ada Example" not in answer.text
    assert make_client("admin").get(path).status_code == 200


def test_before_anybody_is_scored_the_page_says_why(make_client: MakeClient, session: Session) -> None:
    client = make_client("marketer")
    assert "Nobody has been scored yet." in client.get("/leavers").text
    assert client.get("/leavers?ask=lost").status_code == 200
    assert client.get("/leavers.csv").text.count("\n") == 1
    fit = {"leavers": 7, "customers": 300, "rows": 900, "dates": [], "unknown": 0}
    for status, said in (("too_short", "eight months of bills"), ("too_few", "7 have left by choice so far")):
        figures = {"status": status} | ({"fit": fit} if status == "too_few" else {})
        session.add(
            ChurnModel(
                fitted_at=datetime(2026, 11, 20, tzinfo=UTC), as_of=AS_OF, parameters={}, figures=figures
            )
        )
        session.flush()
        for ask in ("who", "good", "why", "lost"):
            answer = client.get(f"/leavers?ask={ask}")
            assert answer.status_code == 200
            assert (said in answer.text) == (ask != "lost")


def test_too_few_in_the_test_is_too_early_to_say(
    make_client: MakeClient, scored: Scored, session: Session
) -> None:
    (model,) = session.query(ChurnModel).all()
    test = {**model.figures["test"], "leavers": 4, "figures": None}
    model.figures = {**model.figures, "test": test}
    session.flush()
    client = make_client("marketer")
    page = words_of(client.get("/leavers").text)
    assert "is too early to say: only 4 left in the 90 days after 21 Aug 2026" in page
    assert "Ada Example" in page
    assert "too few left in the time it could be tested on" in client.get("/leavers?ask=good").text


def test_the_customer_page_shows_the_chance_and_why(
    make_client: MakeClient, scored: Scored, session: Session
) -> None:
    """The complaint as it is by now: still waiting, or answered since the morning of the score."""
    complaint = Contact(
        customer_id=scored.ada.customer, at=datetime(2026, 11, 11, 12, tzinfo=UTC), channel="call",
        topic="bill", complaint=True,
    )  # fmt: skip
    session.add(complaint)
    session.flush()
    page, client = f"/customers/{scored.ada.customer}", make_client("agent")
    words = words_of(client.get(page).text)
    assert "May leave 31 % usual 10 %" in words
    assert "May leave: 31 %, where 10 % is usual Complaint unanswered since 11 Nov +9 points" in words
    complaint.answered_at = datetime(2026, 11, 20, 9, tzinfo=UTC)
    session.flush()
    words = words_of(client.get(page).text)
    assert "31 %, where 10 % is usual Complaint of 11 Nov, answered since +9 points" in words


def test_a_russian_marketer_reads_it_in_russian(
    make_client: MakeClient, scored: Scored, session: Session
) -> None:
    assert session.query(ChurnScore).count() == 4
    words = words_of(make_client("marketer", language="ru").get("/leavers").text)
    assert "Кто может уйти?" in words and "Жалоба без ответа с 11 нояб" in words
