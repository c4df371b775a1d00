"""Reasons, facts and segments as people say them, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from churn.queries import StoredReason
from utility_crm.web.formats import day, day_year, money, month, number, percent, signed_money, signed_number
from utility_crm.web.words import counting, mark, translator

SEGMENTS = {
    "household": mark("Households"),
    "small_business": mark("Small business"),
    "industry": mark("Industry"),
}
GROUPS = {
    "bill_up": mark("A bill that went up"),
    "bill_year": mark("Bill against a year before"),
    "price_rise": mark("Price change"),
    "tariff_fit": mark("A cheaper tariff of ours"),
    "use": mark("How much they use"),
    "use_change": mark("Use against a year before"),
    "beyond_weather": mark("Use beyond the weather"),
    "evening": mark("Use in the evening"),
    "arrears": mark("Paying late"),
    "complaints": mark("Complaints"),
    "contacts": mark("Contacts"),
    "outages": mark("Outages"),
    "campaigns": mark("Offers"),
    "term": mark("End of the term"),
    "estimated": mark("Estimated bills"),
    "tenure": mark("How long with us"),
    "service_points": mark("Places supplied"),
    "export": mark("Solar power fed in"),
    "segment": mark("Segment"),
    "tariff": mark("Tariff"),
    "payment_method": mark("Way of paying"),
    "contact_channel": mark("Way of contact"),
}
FACTS = {
    "tenure": mark("Years with us"),
    "bill_step": mark("Last bill against the one before"),
    "bill_shock": mark("Highest of three bills against the three before"),
    "bill_year": mark("Bill against a year before"),
    "price_rise": mark("Price change, share of cost"),
    "saving": mark("Saving on another tariff of ours"),
    "night_flat": mark("Use at night on a flat tariff"),
    "use": mark("Use, kWh a day"),
    "use_change": mark("Use against a year before"),
    "beyond_weather": mark("Use beyond what the weather explains"),
    "evening_share": mark("Use from 17:00 to 21:00"),
    "late_share": mark("Bills not paid in time in 12 months"),
    "late_days": mark("Days paid late in 12 months"),
    "overdue": mark("Overdue, in usual bills"),
    "complaints": mark("Complaints in 180 days"),
    "unanswered": mark("Complaints unanswered"),
    "waited_days": mark("Days a complaint waited for its answer"),
    "contacts": mark("Contacts in 90 days"),
    "outage_hours": mark("Hours without supply in 180 days"),
    "asked": mark("Offers in 180 days"),
    "accepted": mark("Offers accepted in 180 days"),
    "term_days": mark("Days to the end of the agreed term"),
    "estimated": mark("Bills estimated"),
    "service_points": mark("Places supplied"),
    "export": mark("Feeds solar power in"),
}
METHODS = {
    "card": mark("Pays by card"),
    "transfer": mark("Pays by transfer"),
    "direct_debit": mark("Pays by direct debit"),
    "cash": mark("Pays in cash"),
}
CHANNELS = {
    "call": mark("Mostly calls"),
    "email": mark("Mostly writes e-mails"),
    "letter": mark("Mostly writes letters"),
    "visit": mark("Mostly comes by"),
    "web": mark("Mostly writes on the website"),
    "fax": mark("Mostly sends faxes"),
    "sms": mark("Mostly sends text messages"),
    "messenger": mark("Mostly writes by messenger"),
    "none": mark("Not heard of in 180 days"),
}

Figures = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Said:
    """A reason in words: what it is, a few smaller words (may be empty), and its points with their sign,
    alone and with their word ("+1 point")."""

    text: str
    detail: str
    points: str
    in_points: str


@dataclass(frozen=True, slots=True)
class Since:
    """What may be otherwise by now than on the morning of the score, None where it is not known: what is
    overdue may have been paid, a complaint answered."""

    overdue_now_minor: int | None = None
    unanswered_now: int | None = None


class Words:
    """The words of one language. Amounts are in the currency that each reason carries."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._ = translator(language, "churn")

    def reason(self, reason: StoredReason, as_of: date, since: Since | None = None) -> tuple[str, str]:
        """A reason with the customer's own figures, and a few smaller words after it (may be empty).

        since: what is so by now, where that is known.
        """
        say = _SAY.get(reason.group)
        if say is None:
            return self._(GROUPS.get(reason.group, reason.group)), ""
        now = asdict(since or Since())
        return say(self, {**reason.figures, "as_of": as_of, **now})

    def reasons(
        self, reasons: Iterable[StoredReason], as_of: date, since: Since | None = None
    ) -> tuple[Said, ...]:
        """Reasons as a table says them."""
        return tuple(
            Said(
                *self.reason(reason, as_of, since),
                self.points(reason.points),
                self.in_points(reason.points),
            )
            for reason in reasons
        )

    def group(self, group: str) -> str:
        return self._(GROUPS.get(group, group))

    def fact(self, fact: str) -> str:
        return self._(FACTS.get(fact, fact))

    def segment(self, segment: str) -> str:
        return self._(SEGMENTS.get(segment, segment))

    def points(self, points: float) -> str:
        """+9"""
        return signed_number(round(points), 0, self.language)

    def in_points(self, points: float) -> str:
        """+9 points"""
        ngettext = counting(self.language, "churn")
        return ngettext(
            "%(points)s point", "%(points)s points", abs(round(points)), points=self.points(points)
        )

    def amount(self, minor: float, figures: Figures) -> str:
        return money(round(minor), figures["currency"], self.language)

    def signed(self, minor: float, figures: Figures) -> str:
        return signed_money(round(minor), figures["currency"], self.language)

    def count(self, value: float) -> str:
        return number(value, 0, self.language)

    def kwh(self, value: float) -> str:
        """9.4, of kWh a day"""
        return number(value, 1, self.language)

    def share(self, value: float) -> str:
        return percent(value, 0, self.language)


def _bill_up(w: Words, f: Figures) -> tuple[str, str]:
    """The last bill's step, or a larger one among the bills shortly before it."""
    step = _rise(f["before_minor"], f["step_minor"])
    shock = _rise(f["shock_before_minor"], f["shock_minor"])
    if shock > max(step, 0.0):
        amounts = {"before": w.amount(f["shock_before_minor"], f), "now": w.amount(f["shock_minor"], f)}
        issued = day(date.fromisoformat(f["shock_on"]), w.language)
        return (
            w._("Bill of %(day)s up from %(before)s to %(now)s", day=issued, **amounts),
            w._("on the mean of the three before"),
        )
    if f["step_minor"] is None or f["before_minor"] is None:
        return w._("No two bills to compare yet"), ""
    amounts = {"before": w.amount(f["before_minor"], f), "now": w.amount(f["step_minor"], f)}
    if step > 0:
        return w._("Bill up from %(before)s to %(now)s", **amounts), w._("on the one before")
    return w._("Bill %(now)s after %(before)s", **amounts), w._("on the one before")


def _rise(before: float | None, now: float | None) -> float:
    return now / before - 1 if now is not None and before is not None and before > 0 else -1.0


def _bill_year(w: Words, f: Figures) -> tuple[str, str]:
    if f["same_minor"] is None or f["year_minor"] is None:
        return w._("No bill of a year before"), ""
    amounts = {"before": w.amount(f["year_minor"], f), "now": w.amount(f["same_minor"], f)}
    if f["same_minor"] > f["year_minor"]:
        return w._("Bill up from %(before)s to %(now)s", **amounts), w._("on a year before")
    return w._("Bill %(now)s after %(before)s", **amounts), w._("on a year before")


def _price_rise(w: Words, f: Figures) -> tuple[str, str]:
    if not f["price_rise_minor"]:
        return w._("Prices unchanged for 90 days"), ""
    title = w._("Prices rose") if f["price_rise_minor"] > 0 else w._("Prices fell")
    return title, w._("%(amount)s in four weeks at their use", amount=w.signed(f["price_rise_minor"], f))


def _tariff_fit(w: Words, f: Figures) -> tuple[str, str]:
    if f["saving_minor"]:
        saving = w.signed(-f["saving_minor"], f)
        in_four_weeks = w._("%(amount)s in four weeks", amount=saving)
        return w._("%(tariff)s would cost less", tariff=f["cheaper"]), in_four_weeks
    if f["night_flat"]:
        return w._("%(share)s of use at night on a flat tariff", share=w.share(f["night_flat"])), ""
    return w._("No tariff of ours would cost less"), ""


def _use(w: Words, f: Figures) -> tuple[str, str]:
    if f["daily_kwh"] is None:
        return w._("No bill in 12 months"), ""
    return w._("Uses %(kwh)s kWh a day", kwh=w.kwh(f["daily_kwh"])), ""


def _use_change(w: Words, f: Figures) -> tuple[str, str]:
    if f["recent_kwh"] is None or f["year_kwh"] is None:
        return w._("No bill of a year before"), ""
    used = {"now": w.kwh(f["recent_kwh"]), "before": w.kwh(f["year_kwh"])}
    return w._("Uses %(now)s kWh a day after %(before)s", **used), w._("on the same months a year before")


def _beyond_weather(w: Words, f: Figures) -> tuple[str, str]:
    if f["felt_kwh"] is None or f["expected_kwh"] is None:
        return w._("What the weather did is not known"), ""
    used = {"now": w.kwh(f["felt_kwh"]), "expected": w.kwh(f["expected_kwh"])}
    return w._("Uses %(now)s kWh a day, by the weather %(expected)s", **used), w._("last bills")


def _evening(w: Words, f: Figures) -> tuple[str, str]:
    if f["evening_share"] is None:
        return w._("Hours of use not known"), ""
    return w._("%(share)s of use from 17:00 to 21:00", share=w.share(f["evening_share"])), ""


def _arrears(w: Words, f: Figures) -> tuple[str, str]:
    late = w._("days late in 12 months: %(days)s", days=w.count(f["late_day_count"]))
    if f["overdue_minor"] and f["overdue_now_minor"] == 0:
        then, amount = day(f["as_of"], w.language), w.amount(f["overdue_minor"], f)
        return w._("%(amount)s was overdue on %(day)s, settled since", amount=amount, day=then), late
    if f["overdue_minor"]:
        return w._("%(amount)s overdue", amount=w.amount(f["overdue_minor"], f)), late
    if f.get("late_bills") and f["due_bills"]:
        counts = {"count": w.count(f["late_bills"]), "bills": w.count(f["due_bills"])}
        return w._("%(count)s of %(bills)s bills not paid in time", **counts), late
    return (w._("Paid late"), late) if f["late_day_count"] else (w._("Never late in 12 months"), "")


def _complaints(w: Words, f: Figures) -> tuple[str, str]:
    if f["unanswered_count"]:
        made = day(f["as_of"] - timedelta(days=int(f["unanswered_days"])), w.language)
        title = w._("Complaint unanswered since %(day)s", day=made)
        if f["unanswered_now"] == 0:
            title = w._("Complaint of %(day)s, answered since", day=made)
        several = w._("complaints in 180 days: %(count)s", count=w.count(f["complaint_count"]))
        return title, several if f["complaint_count"] > 1 else ""
    if f["complaint_count"]:
        title = w._("Complaints in 180 days: %(count)s", count=w.count(f["complaint_count"]))
        if waited := f.get("waited_day_count"):
            return title, w._("longest wait for an answer, days: %(days)s", days=w.count(waited))
        return title, w._("all answered")
    return w._("No complaint in 180 days"), ""


def _contacts(w: Words, f: Figures) -> tuple[str, str]:
    if not f["contact_count"]:
        return w._("Not heard of in 90 days"), ""
    return w._("Contacts in 90 days: %(count)s", count=w.count(f["contact_count"])), ""


def _outages(w: Words, f: Figures) -> tuple[str, str]:
    if not f["outage_count"]:
        return w._("No outage in 180 days"), ""
    hours = w._("hours without supply: %(hours)s", hours=number(f["outage_minutes"] / 60, 1, w.language))
    return w._("Outages in 180 days: %(count)s", count=w.count(f["outage_count"])), hours


def _campaigns(w: Words, f: Figures) -> tuple[str, str]:
    if not f["asked_count"]:
        return w._("No offer in 180 days"), ""
    accepted = w._("accepted: %(count)s", count=w.count(f["accepted_count"]))
    return w._("Offers in 180 days: %(count)s", count=w.count(f["asked_count"])), accepted


def _term(w: Words, f: Figures) -> tuple[str, str]:
    if f["term_ends_before"] is None:
        return w._("No term agreed"), ""
    last = date.fromisoformat(f["term_ends_before"]) - timedelta(days=1)
    until = day_year(last, w.language)
    if last >= f["as_of"]:
        return w._("Agreed term ends on %(day)s", day=until), ""
    return w._("Agreed term ended on %(day)s", day=until), ""


def _estimated(w: Words, f: Figures) -> tuple[str, str]:
    if not f["estimated_bills"]:
        return w._("No bill estimated"), ""
    counts = {"count": w.count(f["estimated_bills"]), "bills": w.count(f["bills"])}
    return w._("%(count)s of %(bills)s bills estimated", **counts), ""


def _tenure(w: Words, f: Figures) -> tuple[str, str]:
    return w._("With us since %(month)s", month=month(date.fromisoformat(f["since"]), w.language)), ""


def _service_points(w: Words, f: Figures) -> tuple[str, str]:
    return w._("Places supplied: %(count)s", count=w.count(f["service_points"])), ""


def _export(w: Words, f: Figures) -> tuple[str, str]:
    return (w._("Feeds solar power in") if f["export"] else w._("Feeds no solar power in")), ""


def _segment(w: Words, f: Figures) -> tuple[str, str]:
    return w.segment(f["segment"]), w._("leave more often, all else equal")


def _tariff(w: Words, f: Figures) -> tuple[str, str]:
    return w._("On %(tariff)s", tariff=f["tariff_name"]), w._("left more often, all else equal")


def _payment_method(w: Words, f: Figures) -> tuple[str, str]:
    return w._(METHODS.get(f["payment_method"], f["payment_method"])), w._("leave more often, all else equal")


def _contact_channel(w: Words, f: Figures) -> tuple[str, str]:
    return w._(CHANNELS.get(f["contact_channel"], f["contact_channel"])), ""


_SAY: dict[str, Callable[[Words, Figures], tuple[str, str]]] = {
    "bill_up": _bill_up,
    "bill_year": _bill_year,
    "price_rise": _price_rise,
    "tariff_fit": _tariff_fit,
    "use": _use,
    "use_change": _use_change,
    "beyond_weather": _beyond_weather,
    "evening": _evening,
    "arrears": _arrears,
    "complaints": _complaints,
    "contacts": _contacts,
    "outages": _outages,
    "campaigns": _campaigns,
    "term": _term,
    "estimated": _estimated,
    "tenure": _tenure,
    "service_points": _service_points,
    "export": _export,
    "segment": _segment,
    "tariff": _tariff,
    "payment_method": _payment_method,
    "contact_channel": _contact_channel,
}
