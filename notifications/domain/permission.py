"""May this notice be sent now? Pure: what is known goes in, a verdict with its reason comes out.

The rules, in the order they are asked:

0. to somebody who has died no offer and no reminder of a debt is sent;
1. without an address nothing can be sent;
2. consent: service notices (outages, bills) go out unless the customer withdrew that channel,
   marketing only to those who granted it;
3. an address that bounced, or complained, is not written to;
4. a notice that would come too late to be of use is not sent;
5. quiet hours, by the clock on the wall of the premise: 21:00 to 08:00 unless set otherwise;
6. a cap on notices a customer gets in one day of that clock.

An urgent notice passes 5 and 6, never 1 to 4. What makes no sound, such as paper, passes 5: it would else
wait for ever where the hour at which letters are gathered falls into the night.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

_STEP = timedelta(minutes=15)
# The longest wait there can be: a full day, then a long quiet night, in which a clock goes back.
_STEPS_AT_MOST = 4 * (24 + 24 + 2)


class Reason(StrEnum):
    """Why a notice was not sent, or waits. The value is stored; `words` are for people."""

    DIED = "died"
    NO_ADDRESS = "no_address"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    NO_CONSENT = "no_consent"
    SUPPRESSED = "suppressed"
    TOO_LATE = "too_late"
    NO_LONGER_TRUE = "no_longer_true"
    QUIET_HOURS = "quiet_hours"
    DAILY_CAP = "daily_cap"
    IN_DIGEST = "in_digest"
    DROPPED = "dropped"
    NO_CHANNEL = "no_channel"

    @property
    def words(self) -> str:
        """The reason as a person would say it; also the key of its translation."""
        return _WORDS[self]


_WORDS = {
    Reason.DIED: "the customer has died",
    Reason.NO_ADDRESS: "we have no address to send it to",
    Reason.CONSENT_WITHDRAWN: "the customer asked us not to write this way",
    Reason.NO_CONSENT: "the customer did not agree to marketing",
    Reason.SUPPRESSED: "nothing is sent to that address any more: it bounced, or they asked",
    Reason.TOO_LATE: "it would have come too late to be of use",
    Reason.NO_LONGER_TRUE: "it was no longer true",
    Reason.QUIET_HOURS: "it is night where the customer lives",
    Reason.DAILY_CAP: "the customer already had enough notices that day",
    Reason.IN_DIGEST: "it is part of one letter with others",
    Reason.DROPPED: "a person decided against it",
    Reason.NO_CHANNEL: "nothing is set up here to send it that way",
}


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `starts` until before `ends` on the wall clock, over midnight if need be; equal means never quiet.

    Both are whole quarters of an hour, which every zone's changes of offset fall on, too.
    """

    starts: time = time(21)
    ends: time = time(8)

    def __post_init__(self) -> None:
        for edge in (self.starts, self.ends):
            if edge.minute % 15 or edge.second or edge.microsecond or edge.tzinfo:
                raise ValueError("quiet hours begin and end on a quarter of an hour of the wall clock")

    def holds(self, wall: time) -> bool:
        """Whether it is quiet at this time on the wall."""
        if self.starts <= self.ends:
            return self.starts <= wall < self.ends
        return wall >= self.starts or wall < self.ends


@dataclass(frozen=True, slots=True)
class Rules:
    """What the utility allows itself. `cap_a_day` counts notices sent to one customer in one local day."""

    quiet: QuietHours = QuietHours()
    cap_a_day: int = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """What the verdict depends on.

    `consent` is the customer's newest word for this purpose and channel, None where there is none. `zone` is
    the IANA name of the premise's time zone. `sent_today` counts notices of any kind since the local
    midnight there. `silent`: it wakes nobody, whenever it goes. `died`: the customer has, and the notice is
    one that is not written to the dead (`not_to_the_dead`).
    """

    purpose: str
    address: str
    consent: bool | None
    zone: str
    urgent: bool = False
    sent_today: int = 0
    useful_before: datetime | None = None
    suppressed: bool = False
    silent: bool = False
    died: bool = False


@dataclass(frozen=True, slots=True)
class SendNow:
    """Nothing stands against it."""


@dataclass(frozen=True, slots=True)
class SendNotBefore:
    """It has to wait until `at` (UTC), because of `reason`."""

    at: datetime
    reason: Reason


@dataclass(frozen=True, slots=True)
class Withhold:
    """It must not be sent at all."""

    reason: Reason


Verdict = SendNow | SendNotBefore | Withhold


def permission(asked: Asked, now: datetime, rules: Rules = Rules()) -> Verdict:
    """The verdict at `now` (aware). Raises `ZoneInfoNotFoundError` for an unknown zone."""
    if asked.died:
        return Withhold(Reason.DIED)
    if not asked.address:
        return Withhold(Reason.NO_ADDRESS)
    if (against := objection(asked.purpose, asked.consent)) is not None:
        return Withhold(against)
    if asked.suppressed:
        return Withhold(Reason.SUPPRESSED)
    verdict = SendNow() if asked.urgent else _decent_time(asked, now, rules)
    goes_at = verdict.at if isinstance(verdict, SendNotBefore) else now
    if asked.useful_before is not None and goes_at >= asked.useful_before:
        return Withhold(Reason.TOO_LATE)
    return verdict


REMINDERS = frozenset(
    {"payment_reminder", "payment_overdue", "final_warning", "suspension_notice", "payment_failed"}
)
"""Notices that ask for a debt."""


def not_to_the_dead(purpose: str, notice: str) -> bool:
    """Offers, and what asks for a debt: neither is sent once the customer has died."""
    return purpose == "marketing" or notice in REMINDERS


def objection(purpose: str, consent: bool | None) -> Reason | None:
    """What the customer's newest word (None: nothing was said) has against a notice for it: rule 2."""
    if consent is False:
        return Reason.CONSENT_WITHDRAWN
    if purpose == "marketing" and not consent:
        return Reason.NO_CONSENT
    return None


def decent_from(
    now: datetime, zone: str, quiet: QuietHours = QuietHours(), *, tomorrow: bool = False
) -> datetime:
    """The first instant (UTC) from `now` on that is not quiet; with `tomorrow`, of a later local date than
    now's.

    That is `now` itself, or a quarter of an hour: those are tried one after the other, so that both clock
    changes come out right whatever the zone does.
    """
    place = ZoneInfo(zone)
    today = now.astimezone(place).date()
    instant = now.astimezone(UTC)
    for _ in range(_STEPS_AT_MOST):
        wall = instant.astimezone(place)
        if not quiet.holds(wall.time()) and not (tomorrow and wall.date() <= today):
            return instant
        instant = _next_quarter(instant)
    raise ValueError(f"no decent hour within two days in {zone}")


def local_midnight(now: datetime, zone: str) -> datetime:
    """When the local day of `now` began (UTC): the cap counts from here."""
    wall = now.astimezone(ZoneInfo(zone))
    return wall.replace(hour=0, minute=0, second=0, microsecond=0, fold=0).astimezone(UTC)


def _decent_time(asked: Asked, now: datetime, rules: Rules) -> Verdict:
    if asked.sent_today >= rules.cap_a_day:
        return SendNotBefore(decent_from(now, asked.zone, rules.quiet, tomorrow=True), Reason.DAILY_CAP)
    at = now if asked.silent else decent_from(now, asked.zone, rules.quiet)
    return SendNow() if at <= now else SendNotBefore(at, Reason.QUIET_HOURS)


def _next_quarter(instant: datetime) -> datetime:
    start = instant.replace(minute=instant.minute // 15 * 15, second=0, microsecond=0)
    return start + _STEP
