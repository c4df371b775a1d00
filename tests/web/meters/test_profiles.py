"""Saved ways to read files, in the form of the feeds page."""

from __future__ import annotations

from sqlalchemy import select

from meters.asking import asked
from meters.profiles import profile_named, profiles, save_profile
from meters.tables import Feed

ODD = "who,when,kwh\n" + "".join(f"SP-7,2026-11-18 {hour:02}:00,1\n" for hour in range(24))
COLUMNS = "service_point=who,starts_at=when"


def upload(client, body: str, to: str = "/feeds", **fields: str):
    return client.post(to, files=[("files", ("odd.csv", body))], data=fields)


def test_a_form_saves_how_it_was_read_and_the_next_one_reads_by_it(make_client, session) -> None:
    client = make_client("ops")
    sent = upload(client, ODD, columns=COLUMNS, timezone="UTC", save_as="odd ones")
    assert sent.status_code == 303
    saved = profile_named(session, "odd ones")
    assert saved.how == asked("auto", COLUMNS, "UTC") and saved.created_by == "Priya Nair"
    page = client.get("/feeds?ask=came").text
    assert '<option value="odd ones">odd ones (' in page
    other = upload(client, ODD.replace("SP-7", "SP-8"), profile="odd ones")
    assert other.status_code == 303
    first, second = session.scalars(select(Feed).order_by(Feed.id))
    assert (first.status, second.status) == ("ok", "ok") and second.options == first.options


def test_inspecting_by_a_profile_saves_nothing(make_client, session) -> None:
    save_profile(session, "odd", asked("auto", COLUMNS, "UTC"))
    session.commit()
    seen = upload(make_client("ops"), ODD, to="/feeds/inspect", profile="odd", save_as="other")
    assert seen.status_code == 200 and "SP-7" in seen.text
    assert [each.name for each in profiles(session)] == ["odd"]


def test_what_is_wrong_is_said_at_its_field(make_client, session) -> None:
    save_profile(session, "odd", asked(timezone="UTC"))
    session.commit()
    client = make_client("ops")
    for fields, said in [
        ({"profile": "none such"}, "There is no profile &#39;none such&#39;; there are: odd"),
        ({"save_as": "odd", "timezone": "Europe/London"}, "There is a profile &#39;odd&#39; already"),
        ({"save_as": "a/b", "timezone": "UTC"}, "is no name"),
        ({"save_as": "new"}, "There is nothing to save"),
    ]:
        answered = upload(client, ODD, **fields)
        assert answered.status_code == 422 and said in answered.text, fields
        assert 'id="take" class="panel" data-panel aria' in answered.text
    assert session.scalars(select(Feed)).all() == []
    assert [each.name for each in profiles(session)] == ["odd"]
