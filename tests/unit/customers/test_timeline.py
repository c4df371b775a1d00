"""Pages of what happened: nothing is missing, nothing twice, whatever happens in between."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qsl

from hypothesis import given
from hypothesis import strategies as st

from utility_crm.customers.timeline import KIND, PAGE, Wanted, timeline_page, wanted
from utility_crm.kit.parts import TimelineEntry

START = datetime(2026, 1, 1, tzinfo=UTC)
entries = st.lists(
    st.builds(
        lambda minutes, kind, title: TimelineEntry(START + timedelta(minutes=minutes), kind, title),
        st.integers(0, 30),
        st.sampled_from(["Bills", "Payments", "Contacts"]),
        st.sampled_from(["paid £20.00", "called about October", "October"]),
    ),
    max_size=70,
)


def day(at: datetime) -> date:
    return at.date()


def walk(happened: list[TimelineEntry], asked: Wanted) -> list[TimelineEntry]:
    """All pages one after the other, as addresses lead."""
    found: list[TimelineEntry] = []
    page = timeline_page(happened, asked, day)
    while True:
        assert len(page.entries) <= PAGE
        found += page.entries
        assert len(found) + page.left == page.found
        if not page.older:
            return found
        query = dict(parse_qsl(asked.query(before=page.older)))
        page = timeline_page(happened, wanted(query), day)


@given(entries, st.sampled_from(["", "Bills"]), st.sampled_from(["", "october", "OCTOBER called"]))
def test_the_pages_are_all_that_was_asked_for_in_order(
    happened: list[TimelineEntry], kind: str, words: str
) -> None:
    found = walk(happened, Wanted(kind, words))
    sought = words.lower().split()
    of_kind = [one for one in happened if kind in ("", one.kind)]
    right = [one for one in of_kind if all(word in one.title.lower() for word in sought)]
    assert sorted(map(id, found)) == sorted(map(id, right))
    assert [one.at for one in found] == sorted((one.at for one in found), reverse=True)


@given(happened=entries, later=entries)
def test_what_happens_meanwhile_moves_no_page(
    happened: list[TimelineEntry], later: list[TimelineEntry]
) -> None:
    first = timeline_page(happened, Wanted(), day)
    if not first.older:
        return
    after = [TimelineEntry(one.at + timedelta(days=1), one.kind, one.title) for one in later]
    second = timeline_page(after + happened, wanted({"before": first.older}), day)
    assert second.entries == timeline_page(happened, wanted({"before": first.older}), day).entries


@given(happened=entries, kind=st.sampled_from(["Bills", "Payments"]))
def test_a_chip_says_what_it_will_show(happened: list[TimelineEntry], kind: str) -> None:
    counts = dict(timeline_page(happened, Wanted(), day).kinds)
    page = timeline_page(happened, Wanted(kind), day)
    assert page.found == counts.get(kind, 0) and dict(page.kinds) == counts and page.every == len(happened)


def test_words_are_looked_for_in_what_may_be_seen_alone() -> None:
    happened = [TimelineEntry(START, "Notices", "Bill ready", "m.ashdown@mail.example")]
    assert timeline_page(happened, Wanted(words="ashdown"), day).found == 1
    assert timeline_page(happened, Wanted(words="ashdown"), day, lambda text: text[:10]).found == 0


def test_an_address_that_cannot_be_read_asks_for_nothing() -> None:
    for bad in ("", "yesterday", "2026-01-01T00:00:00", "2026-01-01T00:00:00+00:00~x", "~", "~3"):
        assert wanted({"before": bad, "upto": bad}) == Wanted()
    asked = wanted({"shown": "Bills", "find": " a  b ", "upto": "2026-01-03"})
    assert asked == Wanted("Bills", "a b", date(2026, 1, 3)) and asked.some
    assert asked.query(**{KIND: ""}) == "find=a+b&upto=2026-01-03"


def test_up_to_a_day() -> None:
    happened = [TimelineEntry(START + timedelta(days=n), "Bills", str(n)) for n in range(5)]
    page = timeline_page(happened, Wanted(upto=date(2026, 1, 3)), day)
    assert [one.title for one in page.entries] == ["2", "1", "0"]
