"""Drafts of campaigns: made and changed until they begin. Never commits."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from churn.campaigns.audience import Asked, Audience
from churn.campaigns.first_words import first_words, unknown_blank
from churn.campaigns.tables import Campaign, CampaignArm, CampaignEvent, CampaignKey
from churn.campaigns.words import BY_SAVING, KIND_OF, OF_AMOUNT, OF_TARIFF
from utility_crm.kit.errors import Conflict, Invalid, NotFound
from utility_crm.web.words import mark

LANGUAGES = ("en", "ru")
HOUSE = "house"
MOST_YEARS = 5
LONGEST = {"headline": 90, "body": 1200, "short": 120}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A campaign as somebody wants it. amount: minor units of a credit, or points. Shares are percent."""

    name: str
    offer: str
    currency: str
    audience: Audience
    tariff_id: int | None
    amount: int | None
    control_percent: int
    baseline_percent: int
    starts_on: date
    ends_on: date
    decides_on: date
    budget_minor: int
    costs: Mapping[str, int]
    a_day: int = 0
    margin_minor: int | None = None
    margin_source: str = ""


def draft_campaign(session: Session, wanted: Wanted, *, now: datetime, by: int | None) -> int:
    """A new draft with one arm, a letter in first words of its offer; its id. Raises Invalid."""
    _check(wanted, now)
    made = Campaign(code="", secret=secrets.token_urlsafe(24), made_at=now, made_by=by)
    _put(made, wanted)
    made.code = f"draft-{secrets.token_hex(6)}"
    session.add(made)
    session.flush()
    made.code = f"K-{made.id}"
    session.add(first_arm(made.id, wanted.offer))
    note_event(session, made.id, "made", now, by)
    session.flush()
    return made.id


def first_arm(campaign_id: int, offer: str) -> CampaignArm:
    """What a new draft begins with."""
    words = dict(first_words(offer))
    return CampaignArm(
        campaign_id=campaign_id, key="A", name="Letter", weight=1, ways=["notice"], words=words
    )


def row_of(wanted: Wanted) -> Campaign:
    """The campaign as a row that is not kept: to see what would come of it."""
    row = Campaign(code="new", secret="", stratified=True, cap_offers=2, cap_days=90, a_day=0)
    _put(row, wanted)
    return row


def change_draft(
    session: Session, campaign_id: int, wanted: Wanted, *, now: datetime, by: int | None
) -> None:
    """Raises Invalid, NotFound, Conflict where it began already."""
    _check(wanted, now)
    held = hold_to_change(session, campaign_id)
    if held.offer != wanted.offer:
        session.execute(
            text("update campaign_arms set words = cast(:words as jsonb) where campaign_id = :id"),
            {"words": json.dumps(first_words(wanted.offer)), "id": campaign_id},
        )
    _put(held, wanted)
    note_event(session, campaign_id, "changed", now, by)
    session.flush()


def change_arm(
    session: Session,
    campaign_id: int,
    key: str,
    *,
    name: str,
    weight: int,
    ways: tuple[str, ...],
    words: Mapping[str, Mapping[str, str]],
    now: datetime,
    by: int | None,
) -> None:
    """An arm, new or changed. words: by language headline, body and short. Raises Invalid, NotFound,
    Conflict."""
    offer = hold_to_change(session, campaign_id).offer
    if not ways:
        raise Invalid("ways", mark("An arm meets customers in one way at least."), "ways")
    for language in LANGUAGES:
        for part, most in LONGEST.items():
            given = words[language].get(part, "").strip()
            where = f"{part}_{language}"
            if not given and "notice" in ways:
                raise Invalid("needed", mark("A letter needs its words in each language."), where)
            if len(given) > most:
                raise Invalid("long", mark("At most %(most)s letters."), where, most=most)
            if blank := unknown_blank(given, offer):
                words_of = mark("“%(blank)s” cannot be filled in for this offer.")
                raise Invalid("blank", words_of, where, blank=blank)
    values = {
        "name": name,
        "weight": weight,
        "ways": list(ways),
        "words": {k: dict(v) for k, v in words.items()},
    }
    statement = insert(CampaignArm).values(campaign_id=campaign_id, key=key, **values)
    session.execute(statement.on_conflict_do_update(index_elements=["campaign_id", "key"], set_=values))
    note_event(session, campaign_id, "changed", now, by, name)


def drop_arm(session: Session, campaign_id: int, key: str, *, now: datetime, by: int | None) -> None:
    """Raises NotFound, Conflict for the last one."""
    hold_to_change(session, campaign_id)
    arms = session.scalars(select(CampaignArm).where(CampaignArm.campaign_id == campaign_id)).all()
    found = next((one for one in arms if one.key == key), None)
    if found is None:
        raise NotFound("arm", mark("There is no such arm."), "arm")
    if len(arms) == 1:
        raise Conflict("last_arm", mark("A campaign has one arm at least."), "arm")
    session.delete(found)
    note_event(session, campaign_id, "changed", now, by, found.name)
    session.flush()


def hold_draft(session: Session, campaign_id: int) -> Campaign:
    """Locked. Raises NotFound, Conflict where it began already."""
    held = session.get(Campaign, campaign_id, with_for_update=True)
    if held is None:
        raise NotFound("campaign", mark("There is no such campaign."))
    if held.state != "draft":
        words = mark("Who and arms are frozen since it began: make a new campaign from it.")
        raise Conflict("began", words)
    return held


def hold_to_change(session: Session, campaign_id: int) -> Campaign:
    """`hold_draft` of one that is changed: what somebody asked for to begin was another."""
    held = hold_draft(session, campaign_id)
    held.planned = {}
    return held


def asked_of(campaign: Campaign) -> Asked:
    """Whom it looks for."""
    return Asked(
        Audience.of(campaign.audience), campaign.kind, campaign.tariff_id, campaign.offer in BY_SAVING,
        campaign.id or 0, campaign.cap_offers or 2, campaign.cap_days or 90,
    )  # fmt: skip


def key_of(session: Session, name: str) -> str:
    """The secret that lots of a kind (or of the house) are drawn by, made when it is first wanted."""
    given = insert(CampaignKey).values(name=name, secret=secrets.token_urlsafe(24))
    session.execute(given.on_conflict_do_nothing())
    return str(session.scalar(select(CampaignKey.secret).where(CampaignKey.name == name)))


def hold_draws(session: Session) -> None:
    """One draw at a time: of two campaigns that begin together the second sees whom the first asks."""
    key_of(session, HOUSE)
    session.execute(select(CampaignKey.name).where(CampaignKey.name == HOUSE).with_for_update())


def note_event(
    session: Session, campaign_id: int, kind: str, now: datetime, by: int | None, detail: str = ""
) -> None:
    """Keep in the campaign's log what was done."""
    session.add(CampaignEvent(campaign_id=campaign_id, at=now, kind=kind, detail=detail, by_user=by))


def _check(wanted: Wanted, now: datetime) -> None:
    if not wanted.name.strip():
        raise Invalid("needed", mark("A campaign needs a name."), "name")
    if (wanted.offer in OF_TARIFF) != (wanted.tariff_id is not None):
        raise Invalid("tariff", mark("Choose the tariff that is offered."), "tariff")
    if (wanted.offer in OF_AMOUNT) != (wanted.amount is not None and wanted.amount > 0):
        raise Invalid("amount", mark("Say how much is given."), "amount")
    if wanted.ends_on < wanted.starts_on:
        raise Invalid("days", mark("It ends before it begins."), "ends_on")
    if wanted.decides_on < wanted.ends_on:
        raise Invalid("days", mark("The result is looked at after the last day for an answer."), "decides_on")
    if wanted.decides_on.year > now.year + MOST_YEARS:
        words = mark("The result is looked at within %(years)s years.")
        raise Invalid("days", words, "decides_on", years=MOST_YEARS)
    if (wanted.margin_minor is None) != (not wanted.margin_source.strip()):
        raise Invalid("margin", mark("A margin needs its source, and a source its margin."), "margin_source")


def _put(row: Campaign, wanted: Wanted) -> None:
    row.name, row.kind, row.offer = wanted.name.strip(), KIND_OF[wanted.offer], wanted.offer
    row.currency, row.tariff_id, row.amount = wanted.currency, wanted.tariff_id, wanted.amount
    row.audience, row.costs = wanted.audience.document(), dict(wanted.costs)
    row.control_ppm, row.baseline_ppm = 10_000 * wanted.control_percent, 10_000 * wanted.baseline_percent
    row.starts_on, row.ends_on, row.decides_on = wanted.starts_on, wanted.ends_on, wanted.decides_on
    row.budget_minor, row.a_day = wanted.budget_minor, wanted.a_day
    row.margin_minor, row.margin_source = wanted.margin_minor, wanted.margin_source.strip()
