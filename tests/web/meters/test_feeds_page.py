"""The feeds page: its answers, what a form takes and refuses, and who may see it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from meters.completeness import refresh
from meters.pages.uploading import MOST_MEGABYTES, own_name
from meters.tables import Feed, ServicePoint
from tests.web.meters.conftest import NOW, TODAY, YESTERDAY, days_before

DAY = timedelta(days=1)
ASKED = ("whole", "missing", "came", "refused", "places", "replaced")


def words(html: str) -> str:
    """What a page says, without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace("\N{NO-BREAK SPACE}", " ")


def sentence(html: str) -> str:
    found = re.search(r"<blockquote data-spoken>(.*?)</blockquote>", html, re.S)
    assert found is not None
    return words(found[1]).strip()


def upload(client, *files: tuple[str, str | bytes], to: str = "/feeds", **fields: str):
    return client.post(to, files=[("files", file) for file in files], data=fields)


CSV = "service_point,starts_at,kwh\n" + "".join(f"SP-7,2026-11-19T{hour:02}:00Z,1\n" for hour in range(24))


@pytest.mark.parametrize("ask", ASKED)
def test_every_question_is_answered_without_a_single_feed(make_client, ask: str) -> None:
    client = make_client("ops")
    page = client.get("/feeds", params={"ask": ask})
    assert page.status_code == 200 and sentence(page.text)
    fragment = client.get("/feeds", params={"ask": ask}, headers={"HX-Request": "true"})
    assert sentence(fragment.text) == sentence(page.text) and "<html" not in fragment.text


def test_a_whole_yesterday(make_client, meter, sent) -> None:
    sent("a.csv", *days_before(30))
    page = make_client("ops").get("/feeds").text
    assert sentence(page) == "Yesterday is whole: 100.0 % of its readings are in."
    assert "Moorside, households" in words(page) and "No gap in 30 days" in words(page)


def test_a_silent_meter_is_named_with_its_customer(make_client, meter, sent) -> None:
    sent("a.csv", *days_before(30)[:-2])
    client = make_client("ops")
    page = client.get("/feeds").text
    assert sentence(page) == (
        "Yesterday is 0.0 % in; Moorside, households has sent nothing for 2 days, "
        "and 48 readings are missing."
    )
    cells = re.findall(r'<td class="l4"><a href="(/feeds\?ask=missing&amp;day=[^"]*)">0<', page)
    assert len(cells) == 2
    narrowed = client.get(cells[-1].replace("&amp;", "&")).text
    assert sentence(narrowed) == "One meter lacks readings of Thu 19 Nov: Moorside, households."
    late = client.get("/feeds?ask=missing").text
    assert sentence(late) == "One meter lacks readings of the last 30 days, 96 in all."
    assert f'href="/customers/{meter.margaret}"' in late and "E26-900001" in late


def test_a_gap_inside_a_day(make_client, meter, sent) -> None:
    sent("a.csv", *days_before(30)[:-1], ("SP-1", YESTERDAY, [1] * 40 + [None] * 8))
    page = make_client("ops").get("/feeds").text
    assert sentence(page).startswith(
        "Yesterday is 83.3 % in; most of the 8 missing readings are those of Moorside"
    )
    assert re.search(r'<td class="l2[^"]*"><a href="/feeds\?ask=missing&amp;day=2026-11-19[^"]*">83<', page)


def test_estimates_and_late_days_are_seen_where_all_is_in(session, make_client, meter, sent) -> None:
    sent("a.csv", *days_before(29)[:-1])
    sent("b.csv", ("SP-1", YESTERDAY, [1] * 48), quality="estimated")
    sent("c.csv", ("SP-1", TODAY - 30 * DAY, [1] * 48))
    session.execute(text("update feeds set received_at = '2026-10-22 04:00Z', counted_at = null"))
    late = "update feeds set received_at = '2026-10-22 12:01Z' where name = 'c.csv'"
    session.execute(text(late))
    refresh(session, TODAY, NOW)
    page = make_client("ops").get("/feeds").text
    assert page.count('class="tardy"') == 1 and page.count('class="est"') == 1
    assert "whole, 100 % estimated" in words(page) and "whole, 100 % late" in words(page)


def test_a_base_that_nobody_counted_says_so(make_client, meter) -> None:
    assert "Nothing was counted yet" in words(make_client("ops").get("/feeds").text)


def test_silent_meters_are_listed_by_area_and_taken_away_as_a_file(session, make_client, meter, sent) -> None:
    session.execute(text("update customers set name = '=2+5' where id = :id"), {"id": meter.margaret})
    sent("a.csv", *days_before(30)[:-7])
    client = make_client("ops")
    answers = client.get("/feeds").text
    assert re.search(
        r"Which meters are silent\?</span><span class=\"a is-bad\">1 <i>meter for 2 days", answers
    )
    said = {days: sentence(client.get(f"/feeds?ask=silent&days={days}").text) for days in (2, 3, 7, 30)}
    assert said[7] == "One meter has sent nothing for 7 days or more, in Moorside."
    assert said[30] == "No meter has been silent for 30 days."
    listed = client.get("/feeds?ask=silent&days=3").text
    assert "Thu 12 Nov" in listed and 'href="/meters/SP-1"' in listed
    nowhere = client.get("/feeds?ask=silent&days=3&area=0").text
    assert "No meter is silent." in nowhere
    file = client.get("/feeds/silent.csv?days=7")
    assert file.headers["content-type"].startswith("text/csv")
    assert file.text.splitlines()[1:] == [
        "SP-1,E26-900001,Moorside,household,'=2+5,14 Tannery Row,2026-11-12,7"
    ]
    assert client.get("/feeds/silent.csv?days=30").text.count("\r\n") == 1
    assert client.get("/feeds/silent.csv?days=5").status_code == 422
    assert make_client("agent").get("/feeds/silent.csv").status_code == 403


def test_a_customer_who_is_gone_owes_nothing(session, make_client, meter, sent) -> None:
    sent("a.csv", *days_before(30)[:-3])
    session.execute(text("update occupancies set ends_before = :day"), {"day": TODAY - 3 * DAY})
    refresh(session, TODAY, NOW)
    page = make_client("ops").get("/feeds").text
    assert sentence(page) == "Nothing is due yet: no meter stands where somebody is supplied."
    assert "nothing due" in words(page)


def test_a_file_is_taken_and_shown(session, make_client) -> None:
    client = make_client("ops")
    taken = upload(client, ("reads of 19.csv", CSV))
    assert taken.status_code == 303
    feed = session.scalars(select(Feed)).one()
    assert taken.headers["location"] == f"/feeds/{feed.id}" and feed.user_id is not None
    page = client.get(taken.headers["location"]).text
    assert sentence(page) == "24 readings were taken: one new day."
    assert "reads of 19.csv" in words(page) and "sent by Priya Nair" in words(page)
    again = client.get(upload(client, ("reads of 19.csv", CSV)).headers["location"]).text
    assert sentence(again).startswith("The same file was taken on") and "Same file as" in words(again)


def test_several_files_each_become_what_they_become(make_client, meter) -> None:
    client = make_client("ops")
    partial = CSV.replace("SP-7", "SP-8") + "SP-8,2026-11-18T00:00Z,oops\n"
    taken = upload(client, ("a.csv", CSV), ("b.csv", partial), ("c.csv", b""), ("a.csv", CSV))
    assert taken.status_code == 303 and "ask=came&fresh=" in taken.headers["location"]
    page = client.get(taken.headers["location"]).text
    assert sentence(page) == ("4 files came just now: 1 taken, 1 in part, 1 refused, 1 with nothing new.")
    assert page.count('<tr class="at">') == 4
    assert "line 26: The value &#39;oops&#39; is not a number." in page and "The file is empty." in page
    refused = client.get("/feeds?ask=refused").text
    assert sentence(refused) == "In 7 days one file was refused and one was taken in part."
    assert refused.count("data-row") == 2


def test_a_refused_file_opens_with_its_reasons(session, make_client) -> None:
    client = make_client("ops")
    address = upload(client, ("bin.csv", b"\x00\x01\x02")).headers["location"]
    page = client.get(address).text
    assert sentence(page) == "The file was refused; nothing of it was kept."
    assert "This is a binary file, not text." in words(page) and "the file" in words(page)


def test_a_form_without_a_file_or_with_a_strange_zone_is_shown_again(make_client, session) -> None:
    client = make_client("ops")
    nothing = (  # as browsers send a field for files that was left empty
        '--x\r\nContent-Disposition: form-data; name="files"; filename=""\r\n'
        "Content-Type: application/octet-stream\r\n\r\n\r\n--x--\r\n"
    )
    headers = {"content-type": "multipart/form-data; boundary=x"}
    empty = client.post("/feeds", content=nothing, headers=headers)
    assert empty.status_code == 422 and "Choose a file first." in empty.text
    strange = upload(client, ("a.csv", CSV), timezone="Mars/Olympus", columns="value=kwh")
    assert strange.status_code == 422 and "there is no time zone" in strange.text
    assert 'value="value=kwh"' in strange.text and 'id="take" class="panel" data-panel aria' in strange.text
    columns = upload(client, ("a.csv", CSV), columns="what=ever")
    assert columns.status_code == 422 and "is none of service_point" in columns.text
    assert session.scalars(select(Feed)).all() == []


def test_columns_and_clock_are_used(make_client, session) -> None:
    client = make_client("ops")
    odd = CSV.replace("service_point,starts_at,kwh", "who,when,kwh").replace("Z,", ",")
    upload(client, ("a.csv", odd), timezone="UTC", columns="service_point=who, starts_at=when")
    feed = session.scalars(select(Feed)).one()
    assert feed.status == "ok" and feed.options["timezone"] == "UTC"
    page = words(client.get(f"/feeds/{feed.id}").text)
    assert "service_point = who" in page and "starts_at = when" in page


def test_a_meter_s_file_keeps_its_name(make_client, session) -> None:
    body = CSV.replace("service_point,", "").replace("SP-7,", "")
    upload(make_client("ops"), ("C:\\meters\\M-42.csv", body))
    assert session.scalars(select(ServicePoint.code)).all() == ["M-42"]
    assert session.scalars(select(Feed.name)).all() == ["M-42.csv"]


def test_inspecting_takes_nothing(make_client, session) -> None:
    client = make_client("ops")
    seen = upload(client, ("a.csv", CSV), ("b.csv", b""), to="/feeds/inspect")
    assert seen.status_code == 200
    assert sentence(seen.text) == "2 files: 1 taken, 1 refused."
    assert "SP-7" in seen.text and "The file is empty." in seen.text
    assert session.scalars(select(Feed)).all() == [] == session.scalars(select(ServicePoint)).all()


def test_too_much_at_once_is_refused_before_it_is_read(make_client) -> None:
    client = make_client("ops")
    huge = {
        "content-length": str((MOST_MEGABYTES + 1) * 2**20),
        "content-type": "multipart/form-data; boundary=x",
    }
    refused = client.post("/feeds", headers=huge, content=b"--x--")
    assert refused.status_code == 403 and f"larger than {MOST_MEGABYTES} MB" in refused.text


def test_what_does_not_say_how_long_it_is_is_refused_before_it_is_read(make_client) -> None:
    def endless() -> Iterator[bytes]:
        yield b"--x"
        raise AssertionError("the body was read")

    kind = {"content-type": "multipart/form-data; boundary=x"}
    refused = make_client("ops").post("/feeds", headers=kind, content=endless())
    assert refused.status_code == 422 and "does not say how long it is" in refused.text


@pytest.mark.parametrize("path", ["/feeds", "/feeds/inspect"])
@pytest.mark.parametrize("role", ["agent", "marketer"])
def test_a_wrong_role_is_refused_before_its_file_is_read(make_client, role: str, path: str) -> None:
    def endless() -> Iterator[bytes]:
        yield b"--x"
        raise AssertionError("the body was read")

    head = {"content-type": "multipart/form-data; boundary=x", "content-length": str(200 * 2**20)}
    refused = make_client(role).post(path, headers=head, content=endless())
    assert (
        refused.status_code == 403 and f"for the operations team; you are signed in as {role}" in refused.text
    )


def test_who_has_left_sends_nothing(make_client, session) -> None:
    client = make_client("ops")
    session.execute(text("update users set active = false"))
    answered = upload(client, ("a.csv", CSV))
    assert answered.status_code == 303 and answered.headers["location"].startswith("/sign-in")


def test_a_file_may_be_larger_than_another_form(make_client, session) -> None:
    large = CSV + "\n" * 2**21
    assert upload(make_client("ops"), ("large.csv", large)).status_code == 303
    assert session.scalars(select(Feed.readings)).all() == [24]


def test_who_is_not_signed_in_sends_nothing(make_client) -> None:
    answered = upload(make_client(), ("a.csv", CSV))
    assert answered.status_code == 303 and answered.headers["location"].startswith("/sign-in")


def test_only_ops_and_admins_enter(make_client, session) -> None:
    agent = make_client("agent")
    assert agent.get("/feeds").status_code == 403
    assert upload(agent, ("a.csv", CSV)).status_code == 403
    assert agent.post("/feeds/places", data={"service_point": "SP-7", "premise": "P1"}).status_code == 403
    assert session.scalars(select(Feed)).all() == []
    assert make_client("admin").get("/feeds").status_code == 200


def test_a_service_point_gets_its_place(make_client, session, people, sent) -> None:
    sent("a.csv", *days_before(3, "SP-7"))
    client = make_client("ops")
    page = client.get("/feeds?ask=places").text
    assert sentence(page) == "One service point has no place: its readings are kept, and never billed."
    assert "SP-7" in page and '<option value="P1">14 Tannery Row, Kelder Bridge, KB4 2TN</option>' in page
    wrong = client.post("/feeds/places", data={"service_point": "SP-7", "premise": "P9"})
    assert wrong.status_code == 422 and "There is no premise" in wrong.text and 'value="P9"' in wrong.text
    placed = client.post("/feeds/places", data={"service_point": "SP-7", "premise": " P1 "})
    assert placed.status_code == 303
    assert sentence(client.get("/feeds?ask=places").text) == "Every service point has its place."
    assert session.scalars(select(ServicePoint.premise_id)).one() is not None


def test_a_refusal_is_said_in_the_language_of_the_page_and_is_never_markup(make_client, people, sent) -> None:
    sent("a.csv", *days_before(3, "SP-7"))
    typed = {"service_point": "SP-7", "premise": "<b>100 %</b>"}
    for language, words in (("en", "There is no premise &lt;b&gt;100 %"), ("ru", "Помещения &lt;b&gt;100 %")):
        page = make_client("ops", language=language).post("/feeds/places", data=typed).text
        assert words in page and "<b>100" not in page
    nowhere = make_client("admin", language="ru").get("/meters/<b>100 %25").text
    assert "Точки поставки &lt;b&gt;100 % нет." in nowhere and "<b>100" not in nowhere


def test_what_was_replaced_is_shown_with_both_sums(make_client, meter, sent) -> None:
    sent("a.csv", ("SP-1", YESTERDAY, [1] * 48), quality="estimated")
    corrected = sent("b.csv", ("SP-1", YESTERDAY, [0.5] * 48))
    client = make_client("ops")
    page = client.get("/feeds?ask=replaced").text
    assert sentence(page) == "One day of readings was replaced in the last 7 days. It was estimated before."
    for part in ("48.000 kWh", "24.000 kWh", "−24.000", "estimated", "b.csv"):
        assert part in words(page), part
    feed = client.get(f"/feeds/{corrected.feed_id}?ask=replaced").text
    assert sentence(feed) == "It replaced one day of readings." and "−24.000" in feed


def test_earlier_files_are_a_page_away(make_client, session, sent) -> None:
    for number in range(45):
        sent(f"{number}.csv", ("SP-1", TODAY - DAY * number, [1] * 24))
    client = make_client("ops")
    first = client.get("/feeds?ask=came").text
    later = re.search(r"/feeds\?ask=came&amp;before=\d+", first)
    assert later is not None and first.count("data-row") == 40
    assert client.get(later[0].replace("&amp;", "&")).text.count("data-row") == 5


def test_a_feed_that_is_not_there(make_client) -> None:
    assert make_client("ops").get("/feeds/4711").status_code == 404


def test_names_of_files_are_fit_for_a_disk() -> None:
    assert own_name("../../etc/passwd") == "passwd" and own_name("a\\b\\c d.csv") == "c d.csv"
    assert own_name("..") == own_name("") == own_name("a/") == "upload"
    assert len(own_name("x" * 400 + ".csv").encode()) <= 180 and own_name("x" * 400 + ".csv").endswith(".csv")
    assert own_name("a\x00\nb.csv") == "ab.csv"
