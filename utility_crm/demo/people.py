"""Who the simulated customers are: names, segments, ways to reach them, flags and consents."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from utility_crm.demo.calendar import Calendar, months_before
from utility_crm.demo.planted import PLANTED, Planted
from utility_crm.demo.random_streams import stream
from utility_crm.demo.words import FIRM_WORDS, FIRST_NAMES, RUSSIAN_NAMES, SURNAMES, TRADES, WORKS

SMALL_BUSINESS_SHARE, INDUSTRY_SHARE = 0.13, 0.02
RUSSIAN_SHARE = 0.05
MAIL_HOSTS = ("mailbox.example", "post.example", "letterbox.example")
# Numbers that Ofcom keeps for drama: nobody can be called on them.
MOBILE = "+447700900"
LANDLINES = ("+441134960", "+441144960", "+441154960", "+441164960", "+441174960", "+441914980", "+441632960")


@dataclass(frozen=True, slots=True)
class Consent:
    """`channel` of a purpose allowed or withdrawn on a day."""

    purpose: str
    channel: str
    granted: bool
    on: date
    proof: str


@dataclass(frozen=True, slots=True)
class Flag:
    kind: str
    detail: str
    consented_on: date
    review_on: date


@dataclass(frozen=True, slots=True)
class Customer:
    """One customer; `id` counts from 1 in the order of the plan. Phone in E.164, e-mail in lower case, or
    empty."""

    id: int
    number: str
    kind: str
    name: str
    segment: str
    language: str
    since: date
    email: str
    phone: str
    flags: tuple[Flag, ...]
    consents: tuple[Consent, ...]
    planted: Planted | None

    @property
    def mobile(self) -> bool:
        return self.phone.startswith(MOBILE)


def segments_of(count: int) -> list[str]:
    """Segments of `count` customers: the planted ones first, the rest so that the shares come out."""
    wanted = {
        "small_business": round(count * SMALL_BUSINESS_SHARE),
        "industry": round(count * INDUSTRY_SHARE),
    }
    wanted["household"] = count - sum(wanted.values())
    chosen = [planted.segment for planted in PLANTED[:count]]
    for segment in ("industry", "small_business", "household"):
        missing = max(wanted[segment] - chosen.count(segment), 0)
        chosen += [segment] * min(missing, count - len(chosen))
    return chosen


def make_customers(seed: int, calendar: Calendar, count: int) -> tuple[Customer, ...]:
    """`count` customers, all of them customers since before the readings begin."""
    draw = stream(seed, "customers")
    phones = _phones(draw, count)
    taken: set[str] = {planted.name for planted in PLANTED}
    made: list[Customer] = []
    for place, segment in enumerate(segments_of(count)):
        planted = PLANTED[place] if place < len(PLANTED) else None
        russian = segment == "household" and draw.random() < RUSSIAN_SHARE
        name = planted.name if planted else _name(draw, segment, russian, taken)
        language = planted.language if planted else ("ru" if russian and draw.random() < 0.8 else "en")
        since = _since(draw, calendar, planted)
        email = _email(draw, name, segment, place + 1) if draw.random() < 0.93 else ""
        phone = phones[place] if draw.random() < 0.97 or not email else ""
        made.append(
            Customer(
                id=place + 1,
                number=f"C{100000 + place + 1}",
                kind="person" if segment == "household" else "organisation",
                name=name,
                segment=segment,
                language=language,
                since=since,
                email=email,
                phone=phone,
                flags=_flags(draw, calendar, planted) if segment == "household" else (),
                consents=_consents(draw, calendar, since, email, phone),
                planted=planted,
            )
        )
    return tuple(made)


def _name(draw: np.random.Generator, segment: str, russian: bool, taken: set[str]) -> str:
    for _ in range(200):
        name = _candidate(draw, segment, russian)
        # People may share a name, as they do; two firms of one name would only confuse.
        if name not in taken or (segment == "household" and draw.random() < 0.2):
            taken.add(name)
            return name
    taken.add(name := f"{name} {len(taken)}")
    return name


def _candidate(draw: np.random.Generator, segment: str, russian: bool) -> str:
    def one(words: tuple[str, ...] | list[str]) -> str:
        return words[int(draw.integers(len(words)))]

    if segment == "industry":
        return f"{one(FIRM_WORDS)} {one(WORKS)} Ltd"
    if segment == "small_business":
        first = one(FIRM_WORDS) if draw.random() < 0.6 else f"{one(SURNAMES)} & {one(SURNAMES)}"
        return f"{first} {one(TRADES)}"
    return one(RUSSIAN_NAMES) if russian else f"{one(FIRST_NAMES)} {one(SURNAMES)}"


def _phones(draw: np.random.Generator, count: int) -> list[str]:
    """Mobiles for half of the customers while their thousand lasts, landlines for the rest."""
    mobiles = [f"{MOBILE}{number:03d}" for number in draw.permutation(1000)]
    lines = [f"{line}{number:03d}" for line in LANDLINES for number in range(1000)]
    lines = [lines[place] for place in draw.permutation(len(lines))]
    chosen: list[str] = []
    for _ in range(count):
        mobile = mobiles and (draw.random() < 0.5 or not lines)
        chosen.append(mobiles.pop() if mobile else lines.pop())
    return chosen


def _email(draw: np.random.Generator, name: str, segment: str, number: int) -> str:
    words = re.sub(r"[^a-z ]", "", name.lower().replace("é", "e").replace("-", " ")).split()
    if segment == "household":
        return f"{words[0]}.{words[-1]}{number}@{MAIL_HOSTS[int(draw.integers(len(MAIL_HOSTS)))]}"
    return f"accounts@{'-'.join(words)}{number}.example"


def _since(draw: np.random.Generator, calendar: Calendar, planted: Planted | None) -> date:
    """Tenure: most have stayed for years; a third came in the two years before the readings begin."""
    days = int(min(draw.exponential(1500), 9000)) + 20
    if planted is not None and planted.since_years is not None:
        return calendar.as_of - timedelta(days=round(planted.since_years * 365.25))
    return calendar.first_day - timedelta(days=days)


def _flags(draw: np.random.Generator, calendar: Calendar, planted: Planted | None) -> tuple[Flag, ...]:
    found: list[Flag] = []
    chosen = (
        ("medical", 0.013, ("home dialysis", "oxygen concentrator", "stair lift", "refrigerated medicine")),
        ("vulnerable", 0.045, ("pensionable age", "hearing", "sight", "infant at home", "recently bereaved")),
    )
    for kind, share, details in chosen:
        lot, pick, ago = draw.random(), int(draw.integers(len(details))), int(draw.integers(5, 700))
        if lot < share or (planted is not None and planted.medical and kind == "medical"):
            consented = calendar.as_of - timedelta(days=ago)
            # A review each year; a few are overdue, for somebody to notice.
            review = months_before(consented, -12 * (1 + ago // 400))
            found.append(Flag(kind, details[pick], consented, review))
    return tuple(found)


def _consents(
    draw: np.random.Generator, calendar: Calendar, since: date, email: str, phone: str
) -> tuple[Consent, ...]:
    reached = [channel for channel, there in (("email", email), ("sms", phone.startswith(MOBILE))) if there]
    lots = draw.random((2, 2, 2))
    later = calendar.as_of - timedelta(days=int(draw.integers(3, 380)))
    found: list[Consent] = []
    for row, (purpose, share, withdrawn) in enumerate((("service", 0.97, 0.01), ("marketing", 0.5, 0.12))):
        for column, channel in enumerate(reached):
            granted = bool(lots[row, column, 0] < share)
            found.append(Consent(purpose, channel, granted, since, "contract"))
            if granted and lots[row, column, 1] < withdrawn:
                found.append(Consent(purpose, channel, False, later, "call"))
    return tuple(found)
