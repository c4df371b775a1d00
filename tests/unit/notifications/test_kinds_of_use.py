"""What the kinds say that speak of prices, contracts, use, meters, visits and offers."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from notifications.outbox.new_notice import NewNotice
from notifications.phrases import price_in_words
from notifications.types.appointment import Appointment, Event, appointment
from notifications.types.campaign import Offer, campaign
from notifications.types.contract_ending import Better, contract_ending
from notifications.types.meter_silent import meter_silent
from notifications.types.tariff_change import ChangedPrice, YearOfUse, tariff_change
from notifications.types.unusual_use import MonthSoFar, unusual_use
from notifications.writing import Sender, Written, write
from utility_crm.kit.errors import Invalid

PRICES = (
    ChangedPrice("Standing charge", "day", 542_000, 560_000),
    ChangedPrice("Night", "kWh", None, 120_000),
    ChangedPrice("Meter rent", "month", 1_500_000, None),
)


def written(new: NewNotice, language: str = "en", channel: str = "email") -> Written:
    return write(
        new.notice, new.context, name="Ann", language=language, timezone="Europe/London",
        sender=Sender("Northmoor Energy"), channel=channel,
    )  # fmt: skip


def change(year: YearOfUse | None, prices: tuple[ChangedPrice, ...] = PRICES) -> NewNotice:
    return tariff_change(
        customer_id=1, account_id=1, account="A-77", change="flat:2027-01-01:0a", tariff="Flat",
        place="12 Mill Lane", currency="GBP", starts_on=date(2027, 1, 1), prices=prices, year=year,
    )  # fmt: skip


def test_each_price_stands_as_it_is_and_as_it_will_be() -> None:
    letter = written(change(YearOfUse(64_210, 67_825)))
    assert letter.subject == "Prices of Flat change on Friday, 1 January 2027"
    assert "  Standing charge: £0.542 until then, £0.56 a day from then on.\n" in letter.text
    assert "  Night: £0.12 a kWh, which is new.\n" in letter.text
    assert "  Meter rent: £1.50 a month until then, and no more from then on.\n" in letter.text
    assert "a year would cost £36.15 more: £678.25 instead of £642.10" in letter.text
    assert "<li>Night: <strong>£0.12</strong> a kWh, which is new.</li>" in letter.html
    assert written(change(YearOfUse(64_210, 67_825)), channel="sms").text == (
        "Northmoor Energy: prices of Flat change on 1 Jan 2027: about £36.15 a year more on your use."
    )


@pytest.mark.parametrize(
    ("year", "words", "others"),
    [
        (YearOfUse(64_210, 60_000), "£42.10 less", "more: "),
        (YearOfUse(64_210, 64_210), "cost the same: £642.10", "less"),
        (None, "Too little of your use has been read", "would cost £"),
    ],
)
def test_what_it_means_in_a_year_is_said_where_it_is_known(
    year: YearOfUse | None, words: str, others: str
) -> None:
    text = written(change(year)).text
    assert words in text and others not in text


def test_prices_that_no_figure_can_say_are_left_out() -> None:
    assert "Without taxes" not in written(change(None, ())).text
    assert "Цены без налогов" not in written(change(None, ()), "ru").text


@pytest.mark.parametrize(
    ("price_micro", "currency", "language", "words"),
    [
        (142_280, "GBP", "en", "£0.14228"),
        (120_000, "GBP", "en", "£0.12"),
        (5_000_000, "GBP", "en", "£5.00"),
        (5_384_500, "RUB", "ru", "5,3845\xa0₽"),
        (300_000_000, "JPY", "en", "JP¥300"),
    ],
)
def test_a_price_is_said_exactly(price_micro: int, currency: str, language: str, words: str) -> None:
    assert price_in_words(price_micro, currency, language) == words


def test_the_end_of_a_term_says_that_supply_goes_on_and_what_would_be_cheaper() -> None:
    def ending(better: Better | None) -> NewNotice:
        return contract_ending(
            customer_id=1, account_id=1, account="A-77", tariff="Fixed", place="12 Mill Lane", agreement_id=5,
            currency="GBP", last_on=date(2027, 1, 4), better=better,
        )  # fmt: skip

    text = written(ending(Better("Day & Night", 5_230))).text
    assert "ends on Monday, 4 January 2027" in text and "Your supply goes on." in text
    assert "Day & Night would have cost £52.30 less" in text
    assert "less" not in written(ending(None)).text


def test_unusual_use_says_the_use_the_amount_so_far_and_the_bill_to_come() -> None:
    month = MonthSoFar(
        date(2026, 11, 1), date(2026, 11, 18), date(2026, 11, 30), 62, 6_120, 9_910, 6_480, "GBP", True
    )
    new = unusual_use(customer_id=1, account_id=1, account="A-77", place="12 Mill Lane", month=month)
    assert new.key == "unusual_use:A-77:2026-11-01"
    text = written(new).text
    assert "From 1 Nov 2026 to 18 Nov 2026 you used 62% more" in text
    assert "with the weather of these days reckoned in" in text
    assert "£61.20 so far" in text and "about £99.10" in text and "about £64.80" in text


def test_a_silent_meter_without_a_number_is_still_a_sentence() -> None:
    new = meter_silent(
        customer_id=1,
        account_id=1,
        point="26",
        place="12 Mill Lane",
        meter="",
        silent_from=date(2026, 11, 12),
    )
    assert (
        "from your meter at 12 Mill Lane (service point 26) since Thursday, 12 November" in written(new).text
    )
    assert "your meter since 12 Nov 2026" in written(new, channel="sms").text


@pytest.mark.parametrize(
    ("event", "subject", "words", "not_said"),
    [
        ("booked", "We come to check your meter on Friday, 27", "between 09:00 and 12:00", "moved"),
        ("tomorrow", "Tomorrow we come to check", "tomorrow, Friday, 27 November", "moved"),
        ("moved", "Moved: we come to check", "was to be on Wednesday, 25 November 2026, 14:00", "cancelled"),
        ("cancelled", "Cancelled: we do not come to check", "You need not be at home", "let us in"),
    ],
)
@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_visit_has_four_events(
    event: Event, subject: str, words: str, not_said: str, language: str
) -> None:
    was = datetime(2026, 11, 25, 14, tzinfo=UTC) if event == "moved" else None
    starts, ends = datetime(2026, 11, 27, 9, tzinfo=UTC), datetime(2026, 11, 27, 12, tzinfo=UTC)
    booked = Appointment("V-204", "meter_check", "12 Mill Lane", starts, ends, was)
    new = appointment(customer_id=1, account_id=1, event=event, booked=booked)
    letter = written(new, language)
    assert "V-204" in letter.text and "V-204" in written(new, language, "sms").text
    if language == "en":
        assert letter.subject.startswith(subject) and words in letter.text and not_said not in letter.text
    else:
        assert "27 ноября 2026" in letter.text and ("был назначен" in letter.text) == (event == "moved")


def test_only_a_moved_visit_says_when_it_should_have_been() -> None:
    at = datetime(2026, 11, 27, 9, tzinfo=UTC)
    for event, was in (("moved", None), ("booked", at)):
        with pytest.raises(ValueError, match="moved"):
            booked = Appointment("V-204", "meter_check", "12 Mill Lane", at, at, was)
            appointment(customer_id=1, account_id=1, event=event, booked=booked)  # type: ignore[arg-type]


def test_an_offer_is_read_in_english_by_who_speaks_what_it_lacks() -> None:
    def offered(*languages: str) -> NewNotice:
        offers = {one: Offer(f"In {one}", (f"Words in {one}.",), f"Short in {one}.") for one in languages}
        return campaign(customer_id=1, code="c", offers=offers, last_on=date(2027, 1, 31))

    assert written(offered("en", "ru"), "ru").subject == "In ru"
    assert "Words in en." in written(offered("en"), "ru").text
    assert written(offered("en"), channel="sms").text == "Northmoor Energy: Short in en. Until 31 Jan 2027."
    with pytest.raises(Invalid, match="no words in English"):
        offered("ru")
