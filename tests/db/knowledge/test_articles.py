"""Articles on the real server: versions stay, four eyes, found by misspelt words in two languages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from utility_crm.auth.tables import User
from utility_crm.kit.errors import Conflict, Invalid, NotFound, Refused
from utility_crm.knowledge.actions import (
    Written,
    approve,
    begin_article,
    bring_back,
    hand_in,
    retire,
    send_back,
    vote,
    write_version,
)
from utility_crm.knowledge.finding import note_miss, search, suggest
from utility_crm.knowledge.queries import (
    article_card,
    articles_for,
    articles_listed,
    articles_shown,
    drafts,
    in_review,
    knowledge_figures,
    misses,
    public_article,
)

NOW = datetime(2026, 11, 20, 14, 42, tzinfo=UTC)
TODAY = NOW.date()
ESTIMATED = Written(
    "Why was my bill estimated?", "We had no reading of your meter, so we reckoned from last year.",
    "A meter that **sends nothing** is estimated.\n\nSend a reading and the bill is corrected.",
    keywords="guess, guessed", audience="public",
)  # fmt: skip
MOVING = Written(
    "Moving out", "Tell us the day and the reading of that day.", "We close the account with a final bill.",
    audience="public",
)  # fmt: skip
OUTAGE = Written(
    "The electricity is off", "Look at the fuse box first; then at our outage page.",
    "If the neighbours are dark, too, it is an outage.",
)  # fmt: skip
RUSSIAN = Written(
    "Почему счёт выставлен по оценке?", "Показаний счётчика не было, поэтому мы рассчитали по прошлому году.",
    "Передайте показания, и счёт будет пересчитан.", keywords="примерно, наугад", audience="public",
)  # fmt: skip


@pytest.fixture
def author(session: Session) -> int:
    return person(session, "author")


@pytest.fixture
def editor(session: Session) -> int:
    return person(session, "editor")


def person(session: Session, login: str) -> int:
    user = User(login=login, name=login.title(), role="agent", password_hash="nobody's")
    session.add(user)
    session.flush()
    return user.id


Put = Callable[..., int]


@pytest.fixture
def put(session: Session, author: int, editor: int) -> Put:
    """An article that is approved; its version's id."""

    def made(slug: str, written: Written, language: str = "en", **about: object) -> int:
        begun = session.scalar(text("select id from articles where slug = :slug"), {"slug": slug})
        article = begun or begin_article(session, slug=slug, category="bills", now=NOW, by=author, **about)  # type: ignore[arg-type]
        version = write_version(session, article, language, written, now=NOW, by=author)
        assert version is not None
        hand_in(session, version, now=NOW, by=author)
        approve(session, version, now=NOW, today=TODAY, by=editor)
        return version

    return made


def slugs(session: Session, typed: str, **more: object) -> list[str]:
    found = search(session, typed, language="en", today=TODAY, **more)  # type: ignore[arg-type]
    return [hit.slug for hit in found.hits]


def test_a_text_goes_from_draft_to_approved_by_somebody_else(
    session: Session, author: int, editor: int
) -> None:
    article = begin_article(session, slug="estimated", category="bills", now=NOW, by=author)
    one = write_version(session, article, "en", ESTIMATED, now=NOW, by=author, seen=0)
    assert one is not None
    assert [line.version_id for line in drafts(session)] == [one]
    with pytest.raises(Conflict, match="not handed in"):
        approve(session, one, now=NOW, today=TODAY, by=editor)
    hand_in(session, one, now=NOW, by=author)
    with pytest.raises(Conflict, match="handed in already"):
        hand_in(session, one, now=NOW, by=author)
    with pytest.raises(Refused, match="somebody else"):
        approve(session, one, now=NOW, today=TODAY, by=author)
    assert not articles_shown(session, "en", TODAY), "nothing is shown before it is approved"
    send_back(session, one, note="Say how to send a reading.", now=NOW, by=editor)
    assert [line.sent_back for line in drafts(session)] == ["Say how to send a reading."]
    two = write_version(
        session, article, "en", replace(ESTIMATED, body="Send it by phone."), now=NOW, by=author, seen=1
    )
    assert two is not None
    hand_in(session, two, now=NOW, by=author)
    with pytest.raises(Conflict, match="Version 2 was written since"):
        approve(session, one, now=NOW, today=TODAY, by=editor)
    assert [line.version_id for line in in_review(session)] == [two]
    approve(session, two, now=NOW, today=TODAY, by=editor)
    with pytest.raises(Conflict, match="approved already"):
        approve(session, two, now=NOW, today=TODAY, by=editor)
    card = article_card(session, "estimated", TODAY)
    assert [(one.number, one.state) for one in card.versions] == [(2, "approved"), (1, "sent_back")]
    assert card.shown == {"en": two}
    figures = knowledge_figures(session, TODAY)
    assert (figures.shown, figures.public, figures.in_review, figures.drafts) == (1, 1, 0, 0)


def test_the_database_itself_knows_four_eyes_and_that_versions_stay(
    session: Session, put: Put, author: int, editor: int
) -> None:
    version = put("estimated", ESTIMATED)
    for statement in (
        "update article_versions set title = 'x'",
        "delete from article_versions",
        "update article_versions set valid_until = '2030-01-01'",
        "truncate article_steps",
        "update article_steps set step = 'sent_back'",
        "delete from article_approvals",
        "update article_approvals set approved_by = approved_by",
    ):
        with pytest.raises(DBAPIError, match=r"never changes|cannot truncate"), session.begin_nested():
            session.execute(text(statement))
    copied = """
        insert into article_approvals select :id, article_id, language, number + :more, author_id, :by, now(),
            audience, valid_from, null from article_approvals where version_id = :version
    """
    fresh = session.scalar(
        text("""
            insert into article_versions (article_id, language, number, audience, title, answer, body, plain,
                author_id, written_at)
            select article_id, language, number + 1, audience, 'T', 'A', '', '', author_id, now()
            from article_versions where id = :id returning id
        """),
        {"id": version},
    )
    for by, more in ((author, 1), (editor, 2)):  # by its author; as a version that it is not
        with pytest.raises(DBAPIError, match=r"four_eyes|fk_article_approvals"), session.begin_nested():
            session.execute(text(copied), {"id": fresh, "by": by, "more": more, "version": version})
    session.execute(text(copied), {"id": fresh, "by": editor, "more": 1, "version": version})


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"title": " "}, "title"),
        ({"answer": ""}, "answer"),
        ({"audience": "everybody"}, "audience"),
        ({"title": "x" * 161}, "title"),
        ({"body": "[x](javascript:alert(1))"}, "body"),
        ({"body": "see [this](/help/nowhere)"}, "body"),
        ({"valid_from": TODAY, "valid_until": TODAY}, "valid_until"),
    ],
)
def test_what_cannot_be_is_refused_in_its_place(
    session: Session, author: int, changed: dict[str, object], where: str
) -> None:
    article = begin_article(session, slug="some", category="bills", now=NOW, by=author)
    with pytest.raises(Invalid) as refused:
        write_version(session, article, "en", replace(ESTIMATED, **changed), now=NOW, by=author)
    assert refused.value.where == where


def test_addresses_are_plain_and_taken_once(session: Session, author: int) -> None:
    for slug in ("Two Words", "-x", "x--y", "ü", "x" * 81, ""):
        with pytest.raises(Invalid):
            begin_article(session, slug=slug, category="bills", now=NOW, by=author)
    begin_article(session, slug="x-1", category="bills", now=NOW, by=author, tags=["A  b", "a b"])
    assert session.scalar(text("select tags from articles")) == ["a b"]
    with pytest.raises(Conflict):
        begin_article(session, slug="x-1", category="bills", now=NOW, by=author)


def test_two_authors_at_once_and_the_same_text_again(session: Session, author: int, editor: int) -> None:
    article = begin_article(session, slug="some", category="bills", now=NOW, by=author)
    assert write_version(session, article, "en", ESTIMATED, now=NOW, by=author, seen=0) is not None
    with pytest.raises(Conflict, match="version 1 meanwhile"):
        write_version(session, article, "en", MOVING, now=NOW, by=editor, seen=0)
    same = replace(ESTIMATED, note="nothing new", title=ESTIMATED.title + " ")
    assert write_version(session, article, "en", same, now=NOW, by=author, seen=1) is None
    assert write_version(session, article, "ru", RUSSIAN, now=NOW, by=author, seen=0) is not None
    with pytest.raises(Invalid):
        write_version(session, article, "de", ESTIMATED, now=NOW, by=author)
    with pytest.raises(NotFound):
        write_version(session, article + 99, "en", ESTIMATED, now=NOW, by=author)


def test_a_version_is_shown_from_its_day_until_its_end(session: Session, put: Put) -> None:
    one = put("estimated", ESTIMATED)
    begins, ends = TODAY + timedelta(days=10), TODAY + timedelta(days=20)
    two = put("estimated", replace(ESTIMATED, title="From then on", valid_from=begins, valid_until=ends))

    def shown(day: date) -> list[int]:
        return [line.version_id for line in articles_shown(session, "en", day)]

    assert shown(TODAY - timedelta(days=1)) == []
    assert shown(TODAY) == shown(begins - timedelta(days=1)) == [one]
    assert shown(begins) == shown(ends - timedelta(days=1)) == [two]
    assert shown(ends) == [], "an older text does not come back"
    assert [line.version_id for line in articles_listed(session, "ends", begins)] == [two]
    card = article_card(session, "estimated", TODAY)
    assert card.shown == {"en": one}


def test_who_is_not_one_of_us_sees_what_is_public_alone(session: Session, put: Put) -> None:
    put("estimated", ESTIMATED)
    put("estimated", RUSSIAN, "ru")
    put("outage", OUTAGE)
    assert [one.language for one in public_article(session, "estimated", "ru", TODAY)] == ["ru", "en"]
    with pytest.raises(NotFound):
        public_article(session, "outage", "en", TODAY)
    assert slugs(session, "outage") == ["outage"] and slugs(session, "outage", agents=False) == []
    assert [one.slug for one in articles_shown(session, "en", TODAY, agents=False)] == ["estimated"]


def test_a_retired_article_is_gone_until_it_is_brought_back(session: Session, put: Put, editor: int) -> None:
    put("estimated", ESTIMATED)
    article = article_card(session, "estimated", TODAY).id
    with pytest.raises(Invalid):
        retire(session, article, because=" ", now=NOW, by=editor)
    retire(session, article, because="the rule changed", now=NOW, by=editor)
    assert slugs(session, "estimated") == []
    with pytest.raises(NotFound):
        public_article(session, "estimated", "en", TODAY)
    with pytest.raises(Conflict):
        retire(session, article, because="again", now=NOW, by=editor)
    bring_back(session, article)
    assert slugs(session, "estimated") == ["estimated"]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("estimated bill", "estimated"),
        ("estimating bills", "estimated"),
        ("estimatde bil", "estimated"),
        ("guessed", "estimated"),
        ("esti", "estimated"),
        ("mooving", "moving"),
        ("fuse box", "outage"),
        ("electricty of", "outage"),
        ("счет по оценке", "estimated"),
        ("щетчик", "estimated"),
        ("показание", "estimated"),
        ("счёт", "estimated"),
    ],
)
def test_words_are_found_bent_half_typed_and_misspelt(
    session: Session, put: Put, typed: str, first: str
) -> None:
    put("estimated", ESTIMATED)
    put("estimated", RUSSIAN, "ru")
    put("moving", MOVING)
    put("outage", OUTAGE)
    assert slugs(session, typed)[:1] == [first]


def test_what_was_read_is_said_and_the_excerpt_is_safe(session: Session, put: Put) -> None:
    put("estimated", replace(ESTIMATED, body="The <b>meter</b> & the <script>bill</script> meter."))
    found = search(session, "metre", language="en", today=TODAY)
    assert found.read_as == "meter"
    assert "<mark>meter</mark>" in found.hits[0].excerpt
    assert "<b>" not in found.hits[0].excerpt and "<script>" not in found.hits[0].excerpt
    assert "&amp;" in found.hits[0].excerpt
    assert search(session, "meter", language="en", today=TODAY).read_as == ""


@pytest.mark.parametrize(
    "typed",
    ["", "   ", "!!!", "the", "a & | ! :*", "'); drop table articles; --", "\\", "x" * 5000, "%", "0"],
)
def test_any_search_is_answered(session: Session, put: Put, typed: str) -> None:
    put("estimated", ESTIMATED)
    search(session, typed, language="en", today=TODAY)
    suggest(session, typed, "en", today=TODAY)
    assert session.scalar(text("select count(*) from articles")) == 1


def test_a_tickets_words_suggest_what_answers_it(session: Session, put: Put) -> None:
    put("estimated", ESTIMATED)
    put("estimated", RUSSIAN, "ru")
    put("moving", MOVING)
    put("outage", OUTAGE)
    ticket = "Hello, my last bill says that it was estimated. Why do you guess? I can send you the reading."
    assert suggest(session, ticket, "en", 2, today=TODAY)[0].slug == "estimated"
    dark = "Good evening, all is dark since seven, the electricity is off at the neighbours, too."
    assert suggest(session, dark, "en", today=TODAY)[0].slug == "outage"
    assert suggest(session, "I like your office dog very much, thank you.", "en", today=TODAY) == ()
    found = suggest(session, "Добрый день, почему счёт по оценке, показания передавали", "en", today=TODAY)
    assert [(hit.slug, hit.language) for hit in found] == [("estimated", "ru")]


def test_articles_stand_beside_a_question(session: Session, put: Put) -> None:
    put("estimated", ESTIMATED, questions=["why", "guessed"])
    put("moving", MOVING)
    assert [one.slug for one in articles_for(session, "why", "en", TODAY)] == ["estimated"]
    assert articles_for(session, "why", "ru", TODAY) == [] == articles_for(session, "owe", "en", TODAY)


def test_votes_count_once_a_person_and_tell_what_does_not_help(session: Session, put: Put) -> None:
    version = put("estimated", ESTIMATED)
    for voter in ("user-1", "user-2", "web-3"):
        vote(session, version, voter=voter, helpful=True, now=NOW)
    vote(session, version, voter="user-1", helpful=False, now=NOW, missing="How do I send a reading?")
    card = article_card(session, "estimated", TODAY)
    assert (card.helped, card.not_helped, card.missing) == (2, 1, ("How do I send a reading?",))
    assert articles_listed(session, "helps", TODAY) == []
    vote(session, version, voter="user-2", helpful=False, now=NOW)
    assert [one.slug for one in articles_listed(session, "helps", TODAY)] == ["estimated"]
    assert knowledge_figures(session, TODAY).not_helping == 1


def test_what_is_looked_for_in_vain_is_kept_unless_it_may_be_somebodys(session: Session) -> None:
    assert note_miss(session, "Heat pump tariff", "en", NOW)
    assert note_miss(session, "heat  pump, tariff!", "en", NOW)
    for private in ("account 4100227815", "m.ashdown@mail.example", "x", "word " * 40):
        assert not note_miss(session, private, "en", NOW)
    assert [(one.words, one.times) for one in misses(session)] == [("heat pump tariff", 2)]
