"""Every word of every package has its Russian, with the same blanks to fill."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from tests.web.conftest import MakeClient
from tests.web.people import People
from utility_crm.installed import modules
from utility_crm.web.templating import templates_of
from utility_crm.web.words import best_language, translator

ROOT = Path(__file__).resolve().parents[2]
JINJA = {"trim_blocks": "true", "lstrip_blocks": "true", "newstyle_gettext": "true"}
Message = str | tuple[str, ...]
ROOMS = sorted(
    folder.parent.name for folder in (ROOT / "utility_crm").glob("*/locale") if folder.parent.name != "web"
)
"""Rooms of the ground that have a catalogue of their own; the others share that of `web`."""

ROOMS_OF_CHURN = ("campaigns", "uplift", "value")
"""Rooms of churn that are modules with a catalogue of their own."""


def messages_of(package: str) -> set[Message]:
    """Every message a package shows, in templates and in Python; without its rooms that have their own."""
    found = extract_from_dir(
        str(ROOT / package),
        method_map=[("**.py", "python"), ("**/templates/**.html", "jinja2")],
        options_map={"**/templates/**.html": JINJA},
        keywords={"_": None, "mark": None, "ngettext": (1, 2)},
    )
    return {
        message if isinstance(message, str) else tuple(message)
        for where, _, message, _, _ in found
        if not (package == "utility_crm" and Path(where).parts[0] in ROOMS)
        and not (package == "churn" and Path(where).parts[0] in ROOMS_OF_CHURN)
    }


def blanks(words: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)s", words))


def russian_of(folder: str) -> dict[str, tuple[str, ...]]:
    """The finished entries of a catalogue: words -> their Russian forms."""
    with (ROOT / folder / "locale/ru/LC_MESSAGES/messages.po").open("rb") as opened:
        return {
            entry.id if isinstance(entry.id, str) else entry.id[0]: (
                (entry.string,) if isinstance(entry.string, str) else tuple(entry.string)
            )
            for entry in read_po(opened, locale="ru")
            if entry.id and not entry.fuzzy
        }


@pytest.mark.parametrize(
    ("package", "catalogue", "at_least", "said_by_data"),
    [
        ("utility_crm", "utility_crm/web", 200, 0),
        ("notifications", "notifications", 150, 16),
        ("meters", "meters", 200, 0),
        ("billing", "billing", 250, 0),
        ("churn", "churn", 120, 0),
        ("churn/campaigns", "churn/campaigns", 120, 0),
        ("churn/uplift", "churn/uplift", 20, 0),
        ("churn/value", "churn/value", 100, 1),
        *((f"utility_crm/{room}", f"utility_crm/{room}", 1, 0) for room in ROOMS),
    ],
)
def test_every_word_has_its_russian_and_none_is_left_over(
    package: str, catalogue: str, at_least: int, said_by_data: int
) -> None:
    """`said_by_data`: how many entries at most are words that stand in values and errors, not in a call."""
    own = russian_of(catalogue)
    russian = russian_of("utility_crm/web") | own
    wanted = messages_of(package)
    assert len(wanted) > at_least
    for message in wanted:
        first, most = (message, message) if isinstance(message, str) else message[:2]
        forms = russian.get(first, ())
        assert len(forms) == (1 if isinstance(message, str) else 3), f"no Russian for {first!r}"
        for form in forms:
            assert form and blanks(form) == blanks(most), f"{first!r} and {form!r} have other blanks"
    left_over = set(own) - {message if isinstance(message, str) else message[0] for message in wanted}
    assert len(left_over) <= said_by_data, left_over


@pytest.mark.parametrize(
    ("wanted", "found"), [("ru-RU,ru;q=0.9,en;q=0.8", "ru"), ("de,en;q=0.5", "en"), ("", "en")]
)
def test_the_browsers_language_is_taken(wanted: str, found: str) -> None:
    assert best_language(wanted, "en") == found


def test_python_speaks_it_too() -> None:
    _ = translator("ru", "utility_crm.customers")
    assert _("since %(day)s", day="11 нояб.") == "с 11 нояб."
    assert translator("en")("Desk") == "Desk"
    assert translator("en")("Due on %(day)s.", day="6 дек.") == "Due on 6 дек."
    assert translator("en")("Wait... until %(day)s", day="6 дек.") == "Wait... until 6 дек."


def test_a_part_of_a_room_speaks_as_the_room() -> None:
    words = "When we promised to answer"
    said = translator("ru", "utility_crm.tickets.care")(words)
    assert said == translator("ru", "utility_crm.tickets")(words) != words


def test_quotation_marks_are_those_of_the_language(make_client: MakeClient, people: People) -> None:
    path = f"/customers/{people.margaret}?ask=reach"
    english = make_client("agent", installed=[]).get(path).text
    russian = make_client("agent", language="ru", installed=[]).get(path).text
    assert "“" in english and "«" not in english
    assert "«" in russian and not {"“", "”"} & set(russian)


def test_a_word_a_room_has_not_is_the_grounds_before_it_is_another_rooms() -> None:
    """A bill that is open is not paid; a request is open."""
    words = templates_of(("utility_crm.privacy", "billing")).words_of("privacy", "ru")
    assert words["_"]("open") == translator("ru")("open") != translator("ru", "billing")("open")


def test_a_russian_agent_sees_russian_pages(make_client: MakeClient, people: People) -> None:
    client = make_client("agent", language="ru", installed=[])
    page = client.get(f"/customers/{people.margaret}?ask=said").text
    for words in (
        'lang="ru"', "Могут спросить", "О чём говорили в прошлый раз?", "Вымышленные данные",
        "1 жалоба ждёт нашего ответа", "Ответить на жалобу", "звонок", "клиент с: март 2019",
    ):  # fmt: skip
        assert words in page
    assert "1 жалоба ждёт ответа" in client.get("/?ask=complaints").text


def test_a_template_speaks_the_words_of_its_own_room_first() -> None:
    """One English word is two Russian ones: who wrote a mail, and from which day an audit looks."""
    templates = templates_of(("utility_crm.mail", "utility_crm.audit", "billing"))
    for room, russian in (("mail", "От кого"), ("audit", "С"), ("billing", "С какого дня")):
        words = templates.words_of(room, "ru")
        assert words["_"]("From") == russian
        assert words["_"]("Desk") == "Приём" and words["_"]("No such words") == "No such words"
        assert words["ngettext"]("one day", "%(num)s days", 3) == templates.words_of("web", "ru")["ngettext"](
            "one day", "%(num)s days", 3
        )
        assert templates.words_of(room, "en")["_"]("From") == "From"


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_template_speaks_the_language(language: str) -> None:
    """Its words are put in as it is compiled: one that cannot be said would fail here."""
    made = templates_of(tuple(module.name for module in modules())).environment(language)
    names = made.list_templates(extensions=["html"])
    assert len(names) > 150
    for name in names:
        made.get_template(name)


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ('<b hx-post="/people/5">', "&lt;b hx-post=&#34;/people/5&#34;&gt;"),
        ("mailbox 90% full", "mailbox 90% full"),
        ("100% (letter)", "100% (letter)"),
        ("%(count)s days", "%(count)s days"),
        ("R&D", "R&amp;D"),
    ],
)
def test_what_people_typed_is_text_though_a_template_asks_for_its_words(
    language: str, typed: str, shown: str
) -> None:
    words = templates_of(("notifications",)).words_of("notifications", language)["_"]
    assert str(words(typed)) == shown
