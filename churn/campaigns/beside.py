"""The customer page's part of campaigns: the offer to bring up, and what they say to it by key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from churn.campaigns.answering import first_day
from churn.campaigns.audience import STILL_WHY_NOT
from churn.campaigns.first_words import filled
from churn.campaigns.not_asked import NOT_ASKED, NotAsked, section
from churn.campaigns.sending import blanks
from churn.campaigns.words import ANSWER_WORDS, CALL_WORDS, OF_TARIFF, OFFER_WORDS, PACKAGE, REASON_WORDS
from utility_crm.kit.gathering import Gather, listed
from utility_crm.kit.parts import Act, Banner, CustomerCall, CustomerRoom, SideSection, TimelineEntry
from utility_crm.kit.together import together
from utility_crm.web.formats import money
from utility_crm.web.words import mark, translator


@dataclass(frozen=True, slots=True)
class Offered:
    """An offer of a campaign that asks them now, or that they answered. why_not: why it is not to be brought
    up, "" where it may."""

    member_id: int
    campaign_id: int
    name: str
    offer: str
    tariff: str
    amount: int | None
    currency: str
    ends_on: date
    ways: Any
    words: Any
    saving_minor: int | None
    basis: Any
    answer: str
    answered_at: datetime | None
    outcome: str
    taken_on: date | None
    cycle_day: int | None
    holds: bool
    call_result: str
    why_not: str

    @property
    def open(self) -> bool:
        """Whether an answer is still wanted."""
        return self.holds and self.answer in ("", "not_now")

    @property
    def called(self) -> bool:
        """Whether they are on a telephone list and still to be called."""
        return "call" in self.ways and self.call_result in ("", "no_answer")


# Who took back what they agreed to, and agrees to no way now, does not want to be told of offers (regulation
# (EU) 2016/679, article 21); whoever was never asked may be, when they call.
_OBJECTED = """coalesce((select not bool_or(s.granted) from (
                   select distinct on (s.channel) s.granted from consents s
                   where s.customer_id = c.id and s.purpose = 'marketing'
                   order by s.channel, s.at desc, s.id desc) s), false)"""
OFFERS = listed(
    f"""
    select m.id, o.id, o.name, o.offer, coalesce(t.name, ''), o.amount, o.currency, o.ends_on,
           to_json(a.ways), a.words, m.saving_minor, m.basis, m.answer, m.answered_at, m.outcome, m.taken_on,
           k.cycle_day,
           o.state in ('running', 'stopped') and o.starts_on <= :today and o.ends_on >= :today, m.call_result,
           case when o.state <> 'running' then 'over' when {_OBJECTED} then 'consent_withdrawn'
                else {STILL_WHY_NOT} end
    from campaign_members m
    join customers c on c.id = m.customer_id
    join campaigns o on o.id = m.campaign_id
    join campaign_arms a on a.campaign_id = o.id and a.key = m.arm
    left join tariffs t on t.id = o.tariff_id
    left join accounts k on k.id = m.account_id
    where m.customer_id = :customer
    order by m.id desc limit 20
    """,
    Offered,
)
KNOWN = Gather((OFFERS, NOT_ASKED), lambda call: {"customer": call.customer_id, "today": call.today})


def offers(call: CustomerCall) -> list[Offered]:
    """Their offers, the newest first; use it through `call.once`."""
    rows, _not_asked = together(call, KNOWN)
    return [Offered(*row) for row in rows]


def sections(call: CustomerCall) -> Sequence[SideSection]:
    """Why a campaign does not ask them, for whoever is asked about it."""
    _offers, rows = together(call, KNOWN)
    held_back = {
        one.member_id: one.why_not for one in call.once(offers) if one.holds and one.why_not in REASON_WORDS
    }
    return section(call, [NotAsked(*row) for row in rows], held_back)


def _answers(call: CustomerCall) -> bool:
    return call.viewer is not None and call.viewer.may("campaigns.answer")


def banners(call: CustomerCall) -> Sequence[Banner]:
    """What whoever speaks with them may bring up; nothing once they said no, while care comes first, or where
    it is for them no more."""
    if not _answers(call):
        return ()
    found = next(
        (
            one
            for one in call.once(offers)
            if one.open and not one.answer and not one.why_not and {"prompt", "call"} & set(one.ways)
        ),
        None,
    )
    if found is None:
        return ()
    _ = translator(call.language, PACKAGE)
    return (
        Banner(
            _("Bring up: %(name)s", name=found.name), f"“{spoken(found, call.language)}”", "now",
            f"/customers/{call.customer_id}?do=q", _("Note what they say"), key=f"offer-{found.member_id}",
        ),
    )  # fmt: skip


def spoken(one: Offered, language: str) -> str:
    """The offer in one sentence that can be said aloud."""
    said = one.words.get(language) or one.words.get("en") or {}
    return filled(str(said.get("short") or one.name), blanks(one, one.saving_minor, language)) + "."


def timeline(call: CustomerCall) -> list[TimelineEntry]:
    """What they said to offers."""
    _ = translator(call.language, PACKAGE)
    return [
        TimelineEntry(
            one.answered_at, mark("Offers"), one.name, _(ANSWER_WORDS[one.answer]),
            "ok" if one.answer == "accepted" else "",
        )
        for one in call.once(offers)
        if one.answered_at is not None
    ]  # fmt: skip


def panel(call: CustomerCall) -> Mapping[str, Any]:
    """Their open offers with what each stands on."""
    shown = []
    for one in call.once(offers):
        if not one.open:
            continue
        basis = one.basis or {}
        shown.append(
            {
                "one": one, "spoken": spoken(one, call.language),
                "starts_on": first_day(one.cycle_day or 1, call.today) if one.offer in OF_TARIFF else None,
                "own": money(basis["own_minor"], one.currency, call.language) if basis else "",
                "other": money(basis["other_minor"], one.currency, call.language) if basis else "",
                "coverage": basis.get("coverage_ppm", 0) / 1e6 if basis else 0.0,
                "on_day": date.fromisoformat(basis["on_day"]) if basis else None,
            }
        )  # fmt: skip
    return {
        "shown": shown,
        "offer_words": OFFER_WORDS,
        "call_words": CALL_WORDS,
        "answer_words": ANSWER_WORDS,
    }


ROOM = CustomerRoom(
    gathers=(KNOWN,),
    banners=banners,
    sections=sections,
    timeline=timeline,
    acts=(
        Act(
            "q", mark("Offer"), "campaigns.answer", "campaigns/act_offer.html", order=55, context=panel,
            applies=lambda call: any(one.open for one in call.once(offers)),
        ),
    ),
)  # fmt: skip
