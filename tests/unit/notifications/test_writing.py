"""Every kind of notice, in every language, in words."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from notifications.outbox.new_notice import NewNotice
from notifications.types import notice_type, notice_types
from notifications.types.payment_reminder import payment_reminder
from notifications.writing import SHORT, Sender, Written, for_staff, write

SENDER = Sender("Northmoor Energy")
REMINDER = payment_reminder(
    customer_id=1,
    account_id=1,
    account="A-77",
    bill="F-000123",
    amount_minor=123456,
    currency="GBP",
    due_on=date(2026, 11, 6),
)
OUTAGE = {
    "places": ["1 <Mill> Lane", "2 Mill Lane"],
    "starts_at": "2026-11-27T09:00:00+00:00",
    "ends_at": "2026-11-27T12:30:00+00:00",
    "reason": "a new transformer",
    "medical": False,
}


def reminder(language: str) -> Written:
    return written(REMINDER.notice, REMINDER, language)


def written(notice: str, new: NewNotice, language: str, zone: str = "Europe/London") -> Written:
    return write(notice, new.context, name="Ann O'Neill", language=language, timezone=zone, sender=SENDER)


def outage(language: str, zone: str = "Europe/London", **changes: object) -> Written:
    return write(
        "planned_outage", OUTAGE | changes, name="Ann", language=language, timezone=zone, sender=SENDER
    )


def test_every_kind_is_written_in_every_language() -> None:
    assert {"payment_reminder", "planned_outage"} <= set(notice_types())
    for name in notice_types():
        folders = {path.name for path in notice_type(name).templates.iterdir()}
        assert folders == {"en", "ru"}
        for folder in folders:
            files = {path.name for path in Path(notice_type(name).templates / folder).iterdir()}
            short = {"sms.txt"} if SHORT & set(notice_type(name).channels) else set()
            assert files == {"subject.txt", "text.txt", "body.html"} | short


def test_a_reminder_says_how_much_since_when_and_what_to_do() -> None:
    letter = reminder("en")
    assert letter.subject == "£1,234.56 of bill F-000123 is late"
    assert "was due on Friday, 6 November 2026" in letter.text
    assert "account A-77" in letter.text
    assert "Northmoor Energy" in letter.text
    assert "Ann O&#39;Neill" in letter.html and "Ann O'Neill" in letter.text


def test_a_reminder_in_russian() -> None:
    letter = reminder("ru")
    assert letter.subject == "Счёт F-000123: не оплачено 1\xa0234,56\xa0£"
    assert "6 ноября 2026" in letter.text
    assert '<html lang="ru">' in letter.html


def test_a_language_nobody_taught_us_falls_back_to_english() -> None:
    assert reminder("fi").subject == reminder("en").subject


def test_an_outage_is_told_by_the_clock_on_the_customers_wall() -> None:
    assert "from 09:00 to 12:30" in outage("en").text
    assert "from 12:00 to 15:30" in outage("en", "Europe/Moscow").text
    assert "с 12:00 до 15:30" in outage("ru", "Europe/Moscow").text
    # in Vladivostok that is the evening; in Honolulu it begins the day before
    assert "on Friday, 27 November 2026, 19:00" in outage("en", "Asia/Vladivostok").subject
    assert "on Thursday, 26 November 2026, 23:00" in outage("en", "Pacific/Honolulu").subject


def test_over_midnight_both_days_are_named() -> None:
    letter = outage("en", starts_at="2026-11-27T22:00:00+00:00", ends_at="2026-11-28T02:00:00+00:00")
    assert "from Friday, 27 November 2026, 22:00, to Saturday, 28 November 2026, 02:00, at" in letter.text
    assert letter.subject.endswith("Friday, 27 November 2026, 22:00 to Saturday, 28 November 2026, 02:00")


def test_in_the_repeated_hour_the_clock_is_named() -> None:
    text = outage("en", starts_at="2026-10-25T00:30:00+00:00", ends_at="2026-10-25T01:30:00+00:00").text
    assert "from 01:30 BST to 01:30 GMT" in text


def test_places_are_escaped_in_html_and_plain_in_text() -> None:
    letter = outage("en")
    assert "1 &lt;Mill&gt; Lane" in letter.html
    assert "  1 <Mill> Lane\n  2 Mill Lane" in letter.text


@pytest.mark.parametrize(
    ("language", "words"), [("en", "medical equipment"), ("ru", "медицинского оборудования")]
)
def test_only_who_depends_on_it_reads_about_equipment(language: str, words: str) -> None:
    assert words not in outage(language).text
    assert words in outage(language, medical=True).text
    assert words in outage(language, medical=True).html


def test_a_simulated_utility_says_so_in_each_letter() -> None:
    for language, word in (("en", "simulated"), ("ru", "вымышлены")):
        letter = write(
            REMINDER.notice,
            REMINDER.context,
            name="Ann",
            language=language,
            timezone="UTC",
            sender=Sender("Northmoor Energy", simulated=True),
        )
        assert word in letter.text and word in letter.html
        assert word not in reminder(language).text + reminder(language).html


def test_a_day_at_the_end_of_a_sentence_has_one_dot() -> None:
    for kind in notice_types().values():
        for channel in ("email", "sms") if SHORT & set(kind.channels) else ("email",):
            made = write(
                kind.name, kind.example, name="Анна", language="ru", timezone="UTC", sender=SENDER,
                channel=channel,
            )  # fmt: skip
            assert ".." not in f"{made.subject} {made.text} {made.html}", kind.name


def test_staff_do_not_see_where_a_link_leads() -> None:
    context = {"link": "https://care.example/consent/secret", "account": "A-77"}
    assert for_staff(context) == {"link": "https://care.example/consent/...", "account": "A-77"}
    assert for_staff(REMINDER.context) == REMINDER.context
