"""The room of campaigns: what runs, a new one, and each from its draft to its result."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from functools import partial
from io import StringIO
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import select
from starlette.responses import Response

from churn.campaigns.drafting import change_arm, change_draft, draft_campaign, drop_arm
from churn.campaigns.drawing import arms_drafted
from churn.campaigns.first_words import blanks_of
from churn.campaigns.foreseeing import foreseen, pays_for, whom
from churn.campaigns.forms import WAYS, first_values, read_wanted, read_words, values_of, with_given
from churn.campaigns.launching import ask_to_begin, asked_by, launch, needs_second, refuse_in_vain
from churn.campaigns.listed import lines
from churn.campaigns.page import CampaignPage, campaign_page
from churn.campaigns.previewing import Preview, preview
from churn.campaigns.queries import choosable
from churn.campaigns.results import campaigned, results
from churn.campaigns.running import stop
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
from utility_crm.kit.formulas import cells
from utility_crm.kit.settings import settings
from utility_crm.web.formats import number
from utility_crm.web.forms import Posted
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import Visit, visit
from utility_crm.web.words import translator

router = APIRouter()
PATH = "/campaigns"
LISTED = ("now", "over", "new")
WORDS: dict[str, Any] = {
    "kind_words": KIND_WORDS, "offer_words": OFFER_WORDS, "state_words": STATE_WORDS,
    "state_tones": STATE_TONES, "way_words": WAY_WORDS, "reason_words": REASON_WORDS,
    "segment_words": SEGMENT_WORDS, "verdict_words": VERDICT_WORDS, "verdict_classes": VERDICT_CLASSES,
    "event_words": EVENT_WORDS, "channel_words": CHANNEL_WORDS,
    "call_words": CALL_WORDS, "of_tariff": OF_TARIFF, "ways_of_cost": WAYS,
}  # fmt: skip


@router.get("/campaigns")
def campaigns(request: Request, ask: str = "now") -> Response:
    """What runs, what is over, and the form of a new one. The address may name whatever stands in the form:
    `saved`, the id of a segment, or `tree`, a question of the builder's, say."""
    with visit(request, "campaigns.read") as v:
        return list_page(v, ask, _given(request))


@router.post("/campaigns")
def new(request: Request, posted: Posting) -> Response:
    """A new draft."""
    with visit(request, "campaigns.run") as v:

        def act() -> Response:
            _ = _say(v)
            currency = settings().currency
            wanted = read_wanted(v, posted, choosable(v.session, currency), currency)
            made = draft_campaign(v.session, wanted, now=v.now, by=v.user.id)
            return v.done(_("The draft is kept; nothing is sent yet."), f"{PATH}/{made}", ask="arms")

        page = partial(list_page, v, "new", _typed(posted))
        return handled(v, posted, "campaign", act, page, back=PATH)


@router.get("/campaigns/{campaign_id}")
def campaign(request: Request, campaign_id: int, ask: str = "", arm: str = "") -> Response:
    """One campaign; of a draft also the form of an arm (`arm`: its letter)."""
    with visit(request, "campaigns.read") as v:
        return one_page(v, campaign_id, ask, arm, _given(request))


@router.get("/campaigns/{campaign_id}/results.csv")
def download(request: Request, campaign_id: int) -> Response:
    """What it brought, by arm and segment, for a spreadsheet."""
    with visit(request, "campaigns.read") as v:
        told = results(v.session, campaign_id, v.today)
        out = StringIO()
        writer = csv.writer(out)
        writer.writerow(_HEAD)
        for row in told.rows:
            ends = (
                ("", "", "")
                if row.effect is None
                else tuple(f"{x:.6g}" for x in (row.effect.difference, row.effect.low, row.effect.high))
            )
            writer.writerow(
                cells((row.outcome, row.arm or "all", row.segment or "all", row.count, row.of, row.control,
                       row.of_control, *ends, row.verdict, row.judged_on or ""))
            )  # fmt: skip
        name = f"{told.campaign.code}-{v.today}.csv"
        return Response(
            out.getvalue(),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )


_HEAD = (
    "outcome", "arm", "segment", "count", "of", "control", "of_control", "effect", "low", "high", "verdict",
    "judged_on",
)  # fmt: skip


@router.post("/campaigns/{campaign_id}/draft")
def change(request: Request, campaign_id: int, posted: Posting) -> Response:
    """A draft is changed."""
    with visit(request, "campaigns.run") as v:

        def act() -> Response:
            _ = _say(v)
            currency = campaigned(v.session, campaign_id).currency
            wanted = read_wanted(v, posted, choosable(v.session, currency), currency)
            change_draft(v.session, campaign_id, wanted, now=v.now, by=v.user.id)
            return v.done(_("The draft is kept; nothing is sent yet."), _at(campaign_id), ask="who")

        page = partial(one_page, v, campaign_id, "change", "", _typed(posted))
        return handled(v, posted, "campaign", act, page, back=_at(campaign_id))


@router.post("/campaigns/{campaign_id}/arms/{key}")
def arm(request: Request, campaign_id: int, key: str, posted: Posting) -> Response:
    """An arm of a draft, new or changed."""
    with visit(request, "campaigns.run") as v:

        def act() -> Response:
            _ = _say(v)
            posted.one_of("key", ("A", "B", "C"))
            name, weight = posted.must("name"), posted.whole("weight", 1, 9)
            posted.check()
            ways = tuple(way for way in WAY_WORDS if way in posted.every("ways"))
            change_arm(
                v.session, campaign_id, posted.text("key"), name=name.value, weight=weight.value, ways=ways,
                words=read_words(posted), now=v.now, by=v.user.id,
            )  # fmt: skip
            return v.done(_("The arm is kept."), _at(campaign_id), ask="arms")

        return handled(
            v, posted, "arm", act, _page(v, campaign_id, "arms", key), back=f"{_at(campaign_id)}?ask=arms"
        )


@router.post("/campaigns/{campaign_id}/arms/{key}/drop")
def drop(request: Request, campaign_id: int, key: str, posted: Posting) -> Response:
    """An arm of a draft goes."""
    with visit(request, "campaigns.run") as v:

        def act() -> Response:
            _ = _say(v)
            drop_arm(v.session, campaign_id, key, now=v.now, by=v.user.id)
            return v.done(_("The arm is gone."), _at(campaign_id), ask="arms")

        return handled(v, posted, "drop", act, _page(v, campaign_id, "arms"), back=_at(campaign_id))


@router.post("/campaigns/{campaign_id}/launch")
def begin(request: Request, campaign_id: int, posted: Posting) -> Response:
    """Freeze who and arms; letters begin to leave. It is not undone, so it is asked back about with its
    figures; what would be refused is refused at once."""
    with visit(request, "campaigns.run") as v:

        def act() -> Response:
            _ = _say(v)
            row = v.session.get(Campaign, campaign_id)
            if row is not None and row.state == "draft":
                seen = preview(v.session, row, today=v.today, now=v.now)
                refuse_in_vain(row, arms_drafted(v.session, row.id), seen, today=v.today)
                if needs_second(row, seen.drawn) and asked_by(row) in (None, v.user.id):
                    nothing = asked_by(row) == v.user.id
                    if not nothing:
                        ask_to_begin(v.session, campaign_id, now=v.now, by=v.user.id)
                    words = _("It is large: it is kept that you ask for it, and a second person begins it.")
                    return v.done(words, _at(campaign_id), ask="arms", nothing=nothing)
                posted.sure(_doubt(v, seen), _unpaid(v, row, seen), do=_("Begin it"))
            told = launch(v.session, campaign_id, today=v.today, now=v.now, by=v.user.id)
            words = _(
                "It runs: %(drawn)s customers are drawn, %(alone)s of them are left alone.",
                drawn=number(told.drawn, 0, v.user.language),
                alone=number(told.groups[-1].customers, 0, v.user.language),
            )
            return v.done(words, _at(campaign_id), ask="arms")

        return handled(v, posted, "launch", act, _page(v, campaign_id, "arms"), back=_at(campaign_id))


@router.post("/campaigns/{campaign_id}/stop")
def end(request: Request, campaign_id: int, posted: Posting) -> Response:
    """Nothing more is sent."""
    with visit(request, "campaigns.run") as v:

        def act() -> Response:
            _ = _say(v)
            because = posted.must("because")
            posted.check()
            taken = stop(v.session, campaign_id, because.value, now=v.now, by=v.user.id)
            words = _(
                "It is stopped: %(count)s letters that waited are taken back.",
                count=number(taken, 0, v.user.language),
            )
            return v.done(words, _at(campaign_id), ask="result")

        return handled(v, posted, "stop", act, _page(v, campaign_id, "result"), back=_at(campaign_id))


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
        "campaigns/campaign.html", page=page, one=page.campaign, told=page.told, path=_at(campaign_id),
        may_run=v.user.may("campaigns.run"), may_answer=v.user.may("campaigns.answer"),
        arm=arm if chosen_arm is not None or (arm and arm == free) else "", chosen_arm=chosen_arm,
        free_arm=free, arm_names={one.key: one.name for one in page.arms}, action=f"{_at(campaign_id)}/draft",
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
        "plan": foreseen(v, values, known, one.currency, arms), "here": f"{_at(one.id)}?ask=change",
        "arm_ways": {way for line in arms for way in line.ways},
    }  # fmt: skip


def _given(request: Request) -> dict[str, str]:
    """What an address says of a form."""
    return {name: value.replace("\0", "").strip() for name, value in request.query_params.items()}


def _typed(posted: Posted) -> dict[str, str]:
    return {name: posted.text(name) for name in posted.values}


def _doubt(v: Visit, seen: Preview) -> str:
    _ = _say(v)
    words = _(
        "Who and arms are frozen then: %(asked)s customers are asked and %(alone)s are left alone.",
        asked=number(seen.drawn - seen.alone, 0, v.user.language),
        alone=number(seen.alone, 0, v.user.language),
    )
    if seen.best is None:
        return " ".join((words, _("So few would show no effect at all.")))
    least = _(
        "A rise of %(points)s points or more would be seen.",
        points=number(100 * seen.best, 1, v.user.language),
    )
    return f"{words} {least}"


def _unpaid(v: Visit, row: Campaign, seen: Preview) -> str:
    """That the budget does not reach all who are written to: the others count as asked all the same."""
    _ = _say(v)
    arms = v.session.scalars(select(CampaignArm).where(CampaignArm.campaign_id == row.id))
    written = {arm.key for arm in arms if "notice" in arm.ways}
    letters = sum(group.customers for group in seen.groups if group.key in written)
    paid = pays_for(row.budget_minor, int(row.costs.get("email", 0)), letters)
    if paid is None:
        return ""
    return _(
        "The budget pays for %(some)s of %(asked)s e-mails; who gets none counts as asked all the same.",
        some=number(paid, 0, v.user.language),
        asked=number(letters, 0, v.user.language),
    )


def _page(v: Visit, campaign_id: int, ask: str, arm: str = "") -> Callable[[], Response]:
    return lambda: one_page(v, campaign_id, ask, arm)


def _at(campaign_id: int) -> str:
    return f"{PATH}/{campaign_id}"


def _say(v: Visit) -> Callable[..., str]:
    return translator(v.user.language, PACKAGE)
