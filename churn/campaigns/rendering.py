"""The two pages of campaigns, the list and one of them, as every route of the room shows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import select
from starlette.responses import Response

from churn.campaigns.first_words import blanks_of
from churn.campaigns.foreseeing import foreseen, whom
from churn.campaigns.forms import WAYS, first_values, values_of, with_given
from churn.campaigns.listed import lines
from churn.campaigns.page import CampaignPage, campaign_page
from churn.campaigns.queries import choosable
from churn.campaigns.tables import Campaign, CampaignArm
from churn.campaigns.words import (
    CALL_WORDS,
    CHANNEL_WORDS,
    EVENT_WORDS,
    KIND_WORDS,
    OF_TARIFF,
    OFFER_WORDS,
    PACKAGE,
    REASON_WORDS,
    SEGMENT_WORDS,
    STATE_TONES,
    STATE_WORDS,
    VERDICT_CLASSES,
    VERDICT_WORDS,
    WAY_WORDS,
)
from churn.domain.campaigns.judging import LEAVING_AFTER_DAYS, MARGIN_AFTER_DAYS
from utility_crm.kit.settings import settings
from utility_crm.web.forms import Posted
from utility_crm.web.visit import Visit
from utility_crm.web.words import translator

PATH = "/campaigns"
LISTED = ("now", "over", "new")
WORDS: dict[str, Any] = {
    "kind_words": KIND_WORDS, "offer_words": OFFER_WORDS, "state_words": STATE_WORDS,
    "state_tones": STATE_TONES, "way_words": WAY_WORDS, "reason_words": REASON_WORDS,
    "segment_words": SEGMENT_WORDS, "verdict_words": VERDICT_WORDS, "verdict_classes": VERDICT_CLASSES,
    "event_words": EVENT_WORDS, "channel_words": CHANNEL_WORDS,
    "call_words": CALL_WORDS, "of_tariff": OF_TARIFF, "ways_of_cost": WAYS,
    "judged_after": {"lost": LEAVING_AFTER_DAYS, "margin": MARGIN_AFTER_DAYS},
}  # fmt: skip


def list_page(v: Visit, ask: str, given: Mapping[str, str] | None = None) -> Response:
    """The list, over a question. given: what stands in the form of a new one, by field."""
    every = lines(v.session)
    may_run = v.user.may("campaigns.run")
    ask = ask if ask in LISTED and (may_run or ask != "new") else LISTED[0]
    now = [one for one in every if one.state in ("running", "draft", "stopped")]
    return v.render(
        "campaigns/campaigns.html", ask=ask, now_open=now,
        over=[one for one in every if one.state == "finished"], may_run=may_run, path=PATH,
        currency=settings().currency, action=PATH, drafts=[one for one in every if one.state == "draft"],
        **(_new(v, given or {}) if ask == "new" else {}), **WORDS,
    )  # fmt: skip


def _new(v: Visit, given: Mapping[str, str]) -> dict[str, Any]:
    currency = settings().currency
    known = choosable(v.session, currency)
    values = with_given(first_values(v, known), given)
    return {
        "known": known, "values": values, "whom": whom(v, str(values["tree"]), currency),
        "plan": foreseen(v, values, known, currency), "here": f"{PATH}?ask=new", "arm_ways": {"notice"},
    }  # fmt: skip


def one_page(
    v: Visit, campaign_id: int, ask: str, arm: str = "", given: Mapping[str, str] | None = None
) -> Response:
    """A campaign, over a question. given: what stands in a draft's form instead, by field."""
    page = campaign_page(
        v.session, campaign_id, ask, today=v.today, now=v.now, language=v.user.language
    )  # fmt: skip
    chosen_arm = next((one for one in page.arms if one.key == arm), None)
    free = next((key for key in "ABC" if all(one.key != key for one in page.arms)), "")
    return v.render(
        "campaigns/campaign.html", page=page, one=page.campaign, told=page.told, path=at(campaign_id),
        may_run=v.user.may("campaigns.run"), may_answer=v.user.may("campaigns.answer"),
        arm=arm if chosen_arm is not None or (arm and arm == free) else "", chosen_arm=chosen_arm,
        free_arm=free, arm_names={one.key: one.name for one in page.arms}, action=f"{at(campaign_id)}/draft",
        currency=page.campaign.currency, blanks=blanks_of(page.campaign.offer),
        **_form_of(v, page, given or {}), **WORDS,
    )  # fmt: skip


def _form_of(v: Visit, page: CampaignPage, given: Mapping[str, str]) -> dict[str, Any]:
    if page.chosen != "change":
        return {}
    one = page.campaign
    known = choosable(v.session, one.currency)
    row = v.session.get_one(Campaign, one.id)
    code = next((code for code, name in known.tariffs if name == one.tariff), "")
    values = with_given(values_of(one, row.audience, code, row.a_day), given)
    arms = v.session.scalars(select(CampaignArm).where(CampaignArm.campaign_id == one.id)).all()
    return {
        "known": known, "values": values, "whom": whom(v, str(values["tree"]), one.currency),
        "plan": foreseen(v, values, known, one.currency, arms), "here": f"{at(one.id)}?ask=change",
        "arm_ways": {way for line in arms for way in line.ways},
    }  # fmt: skip


def typed(posted: Posted) -> dict[str, str]:
    """What was sent, to stand in a form again."""
    return {name: posted.text(name) for name in posted.values}


def at(campaign_id: int) -> str:
    """A campaign's own page."""
    return f"{PATH}/{campaign_id}"


def say(v: Visit) -> Callable[..., str]:
    """The room's words in the reader's language."""
    return translator(v.user.language, PACKAGE)
