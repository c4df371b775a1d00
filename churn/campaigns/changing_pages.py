"""What is done to a campaign: its draft is changed, it begins, it is stopped."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from fastapi import APIRouter, Request
from sqlalchemy import select
from starlette.responses import Response

from churn.campaigns.drafting import change_arm, change_draft, drop_arm
from churn.campaigns.drawing import arms_drafted
from churn.campaigns.foreseeing import pays_for
from churn.campaigns.forms import read_wanted, read_words
from churn.campaigns.launching import ask_to_begin, asked_by, launch, needs_second, refuse_in_vain
from churn.campaigns.previewing import Preview, preview
from churn.campaigns.queries import choosable
from churn.campaigns.rendering import at, one_page, say, typed
from churn.campaigns.results import campaigned
from churn.campaigns.running import stop
from churn.campaigns.tables import Campaign, CampaignArm
from churn.campaigns.words import WAY_WORDS
from utility_crm.web.formats import number
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import Visit, visit

router = APIRouter()


@router.post("/campaigns/{campaign_id}/draft")
def change(request: Request, campaign_id: int, posted: Posting) -> Response:
    """A draft is changed."""
    with visit(request, "campaigns.run") as v:

        def act() -> Response:
            _ = say(v)
            currency = campaigned(v.session, campaign_id).currency
            wanted = read_wanted(v, posted, choosable(v.session, currency), currency)
            change_draft(v.session, campaign_id, wanted, now=v.now, by=v.user.id)
            return v.done(_("The draft is kept; nothing is sent yet."), at(campaign_id), ask="who")

        page = partial(one_page, v, campaign_id, "change", "", typed(posted))
        return handled(v, posted, "campaign", act, page, back=at(campaign_id))


@router.post("/campaigns/{campaign_id}/arms/{key}")
def arm(request: Request, campaign_id: int, key: str, posted: Posting) -> Response:
    """An arm of a draft, new or changed."""
    with visit(request, "campaigns.run") as v:

        def act() -> Response:
            _ = say(v)
            posted.one_of("key", ("A", "B", "C"))
            name, weight = posted.must("name"), posted.whole("weight", 1, 9)
            posted.check()
            ways = tuple(way for way in WAY_WORDS if way in posted.every("ways"))
            change_arm(
                v.session, campaign_id, posted.text("key"), name=name.value, weight=weight.value, ways=ways,
                words=read_words(posted), now=v.now, by=v.user.id,
            )  # fmt: skip
            return v.done(_("The arm is kept."), at(campaign_id), ask="arms")

        return handled(
            v, posted, "arm", act, _page(v, campaign_id, "arms", key), back=f"{at(campaign_id)}?ask=arms"
        )


@router.post("/campaigns/{campaign_id}/arms/{key}/drop")
def drop(request: Request, campaign_id: int, key: str, posted: Posting) -> Response:
    """An arm of a draft goes."""
    with visit(request, "campaigns.run") as v:

        def act() -> Response:
            _ = say(v)
            drop_arm(v.session, campaign_id, key, now=v.now, by=v.user.id)
            return v.done(_("The arm is gone."), at(campaign_id), ask="arms")

        return handled(v, posted, "drop", act, _page(v, campaign_id, "arms"), back=at(campaign_id))


@router.post("/campaigns/{campaign_id}/launch")
def begin(request: Request, campaign_id: int, posted: Posting) -> Response:
    """Freeze who and arms; letters begin to leave. It is not undone, so it is asked back about with its
    figures; what would be refused is refused at once."""
    with visit(request, "campaigns.run") as v:

        def act() -> Response:
            _ = say(v)
            row = v.session.get(Campaign, campaign_id)
            if row is not None and row.state == "draft":
                seen = preview(v.session, row, today=v.today, now=v.now)
                refuse_in_vain(row, arms_drafted(v.session, row.id), seen, today=v.today)
                if needs_second(row, seen.drawn) and asked_by(row) in (None, v.user.id):
                    nothing = asked_by(row) == v.user.id
                    if not nothing:
                        ask_to_begin(v.session, campaign_id, now=v.now, by=v.user.id)
                    words = _("It is large: it is kept that you ask for it, and a second person begins it.")
                    return v.done(words, at(campaign_id), ask="arms", nothing=nothing)
                posted.sure(_doubt(v, seen), _unpaid(v, row, seen), do=_("Begin it"))
            told = launch(v.session, campaign_id, today=v.today, now=v.now, by=v.user.id)
            words = _(
                "It runs: %(drawn)s customers are drawn, %(alone)s of them are left alone.",
                drawn=number(told.drawn, 0, v.user.language),
                alone=number(told.groups[-1].customers, 0, v.user.language),
            )
            return v.done(words, at(campaign_id), ask="arms")

        return handled(v, posted, "launch", act, _page(v, campaign_id, "arms"), back=at(campaign_id))


@router.post("/campaigns/{campaign_id}/stop")
def end(request: Request, campaign_id: int, posted: Posting) -> Response:
    """Nothing more is sent."""
    with visit(request, "campaigns.run") as v:

        def act() -> Response:
            _ = say(v)
            because = posted.must("because")
            posted.check()
            taken = stop(v.session, campaign_id, because.value, now=v.now, by=v.user.id)
            words = _(
                "It is stopped: %(count)s letters that waited are taken back.",
                count=number(taken, 0, v.user.language),
            )
            return v.done(words, at(campaign_id), ask="result")

        return handled(v, posted, "stop", act, _page(v, campaign_id, "result"), back=at(campaign_id))


def _doubt(v: Visit, seen: Preview) -> str:
    _ = say(v)
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
    _ = say(v)
    arms = v.session.scalars(select(CampaignArm).where(CampaignArm.campaign_id == row.id))
    written = {arm.key for arm in arms if "notice" in arm.ways}
    letters = sum(group.customers for group in seen.groups if group.key in written)
    paid = pays_for(row.budget_minor, row.costs, letters)
    if paid is None:
        return ""
    return _(
        "The budget pays for %(some)s of %(asked)s e-mails; who gets none counts as asked all the same.",
        some=number(paid, 0, v.user.language),
        asked=number(letters, 0, v.user.language),
    )


def _page(v: Visit, campaign_id: int, ask: str, arm: str = "") -> Callable[[], Response]:
    return lambda: one_page(v, campaign_id, ask, arm)
