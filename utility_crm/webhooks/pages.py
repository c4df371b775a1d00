"""The room of webhooks: who listens, what did not arrive, and everything that was sent to one of them."""

from __future__ import annotations

import json
from typing import Any, Final, cast

from fastapi import APIRouter, Request
from starlette.responses import Response

from utility_crm.kit.clock import utc_now
from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.kit.settings import settings
from utility_crm.web.forms import Posted
from utility_crm.web.fresh import need_fresh_factor
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import Visit, visit
from utility_crm.web.words import mark, translator
from utility_crm.webhooks.actions import (
    Made,
    State,
    Wanted,
    add_listener,
    change_listener,
    remove_listener,
    send_again,
    send_dead_again,
    send_test,
    set_state,
    turn_secret,
)
from utility_crm.webhooks.kinds import TEST, kinds
from utility_crm.webhooks.queries import attempts, deliveries, listener, listeners

router = APIRouter()
MAY: Final = "webhooks.run"
PATH: Final = "/webhooks"
PACKAGE: Final = "utility_crm.webhooks"
ASKED, ASKED_OF_ONE = ("who", "dead", "kinds", "new"), ("sent", "hears", "secret")
LISTED: Final = 50


@router.get("/webhooks")
def webhooks(request: Request, ask: str = "who") -> Response:
    """Who listens, what did not arrive, what can be heard of."""
    with visit(request, MAY) as v:
        return _page(v, ask)


@router.post("/webhooks")
def add(request: Request, posted: Posting) -> Response:
    """One more listener; its secret is shown once."""
    with visit(request, MAY) as v:
        need_fresh_factor(v)

        def act() -> Response:
            wanted = _wanted(posted)
            made = add_listener(v.session, wanted, _sealer(v), utc_now(), by=v.user.id, local=_local())
            return _one(v, made.id, "secret", made)

        return handled(v, posted, "add", act, lambda: _page(v, "new"))


@router.get("/webhooks/{webhook_id:int}")
def webhook(request: Request, webhook_id: int, ask: str = "sent", delivery: int = 0) -> Response:
    """One listener: what was sent, what it hears of, how it is signed."""
    with visit(request, MAY) as v:
        return _one(v, webhook_id, ask, delivery=delivery)


@router.post("/webhooks/{webhook_id:int}")
def change(request: Request, webhook_id: int, posted: Posting) -> Response:
    """Another address or other events."""
    with visit(request, MAY) as v:
        need_fresh_factor(v)

        def act() -> Response:
            kept = change_listener(v.session, webhook_id, _wanted(posted), utc_now(), local=_local())
            return v.done(v.text(mark("Kept.")), f"{PATH}/{webhook_id}", ask="hears", nothing=not kept)

        return handled(v, posted, "keep", act, lambda: _one(v, webhook_id, "hears"))


@router.post("/webhooks/{webhook_id:int}/secret")
def secret(request: Request, webhook_id: int) -> Response:
    """A new secret, shown once; the old one signs for a day more."""
    with visit(request, MAY) as v:
        need_fresh_factor(v)
        return _one(v, webhook_id, "secret", turn_secret(v.session, webhook_id, _sealer(v), utc_now()))


@router.post("/webhooks/{webhook_id:int}/state")
def state(request: Request, webhook_id: int, posted: Posting) -> Response:
    """On, paused or off."""
    with visit(request, MAY) as v:
        _ = translator(v.user.language, PACKAGE)

        def act() -> Response:
            wanted = cast("State", posted.one_of("state", ("on", "paused", "off")).value)
            if wanted == "off":
                doubt = _("What happens from now on is not kept for it.")
                posted.sure(doubt, do=_("Switch it off"))
            changed = set_state(v.session, webhook_id, wanted, utc_now())
            words = {"on": mark("It is on."), "paused": mark("It is paused."), "off": mark("It is off.")}
            return v.done(_(words[wanted]), f"{PATH}/{webhook_id}", nothing=not changed)

        back = f"{PATH}/{webhook_id}"
        return handled(v, posted, "state", act, lambda: _one(v, webhook_id, "sent"), back=back)


@router.post("/webhooks/{webhook_id:int}/test")
def test(request: Request, webhook_id: int, posted: Posting) -> Response:
    """A test event."""
    with visit(request, MAY) as v:
        _ = translator(v.user.language, PACKAGE)

        def act() -> Response:
            send_test(v.session, webhook_id, utc_now())
            return v.done(_("A test event is on its way."), f"{PATH}/{webhook_id}")

        return handled(v, posted, "test", act, lambda: _one(v, webhook_id, "sent"))


@router.post("/webhooks/{webhook_id:int}/again")
def again(request: Request, webhook_id: int, posted: Posting) -> Response:
    """One delivery, or all that did not arrive, once more under their ids."""
    with visit(request, MAY) as v:
        _ = translator(v.user.language, PACKAGE)

        def act() -> Response:
            if posted.text("delivery"):
                one = posted.whole("delivery", 1, 2**53).value
                mine = [row.id for row in deliveries(v.session, listener_id=webhook_id, one=one)]
                if not mine:
                    raise NotFound("no_such_delivery", mark("That was forgotten meanwhile."))
                count = send_again(v.session, mine, utc_now())
            else:
                count = send_dead_again(v.session, webhook_id, utc_now())
            words = _("On their way again: %(count)s.", count=count)
            return v.done(words, f"{PATH}/{webhook_id}", nothing=not count)

        return handled(v, posted, "again", act, lambda: _one(v, webhook_id, "sent"))


@router.post("/webhooks/{webhook_id:int}/remove")
def remove(request: Request, webhook_id: int, posted: Posting) -> Response:
    """It is forgotten with all that was sent to it."""
    with visit(request, MAY) as v:
        _ = translator(v.user.language, PACKAGE)
        need_fresh_factor(v)

        def act() -> Response:
            one = listener(v.session, webhook_id)
            doubt = _("%(name)s is forgotten, with its secret and the log of what was sent.", name=one.name)
            posted.sure(doubt, do=_("Forget it"))
            remove_listener(v.session, webhook_id)
            return v.done(_("%(name)s is forgotten.", name=one.name), PATH)

        back = f"{PATH}/{webhook_id}?ask=secret"
        return handled(v, posted, "remove", act, lambda: _one(v, webhook_id, "secret"), back=back)


def _page(v: Visit, ask: str) -> Response:
    asked = ask if ask in ASKED else "who"
    rows = listeners(v.session)
    return v.render(
        "webhooks/webhooks.html",
        ask=asked,
        rows=rows,
        dead=deliveries(v.session, state="dead", limit=LISTED) if asked == "dead" else [],
        dead_count=sum(row.dead for row in rows),
        kinds=list(kinds().values()),
        examples={one.kind: _pretty(_example(one.kind)) for one in kinds().values()}
        if asked == "kinds"
        else {},
        real=utc_now(),
    )


def _one(v: Visit, webhook_id: int, ask: str, made: Made | None = None, *, delivery: int = 0) -> Response:
    asked = ask if ask in ASKED_OF_ONE else "sent"
    one = listener(v.session, webhook_id)
    rows = deliveries(v.session, listener_id=webhook_id, limit=LISTED) if asked == "sent" else []
    chosen = next((row for row in rows if row.id == delivery), None)
    return v.render(
        "webhooks/webhook.html",
        ask=asked,
        one=one,
        rows=rows,
        chosen=chosen,
        tried=attempts(v.session, chosen.id) if chosen else [],
        payload=_pretty({"type": chosen.kind, "timestamp": chosen.at.isoformat(), "data": chosen.data})
        if chosen else "",
        kinds=list(kinds().values()),
        words_of={one.kind: one.words for one in kinds().values()} | {TEST: mark("A test")},
        made=made,
        real=utc_now(),
    )  # fmt: skip


def _wanted(posted: Posted) -> Wanted:
    def chosen(_: str) -> tuple[str, ...]:
        if not posted.every("events"):
            raise Invalid("webhook_events", mark("Choose what it hears of."), "events")
        return posted.every("events")

    name, url, events = posted.must("name"), posted.must("url"), posted.field("events", chosen)
    return Wanted(name.value, url.value, events.value, bool(posted.every("personal")))


def _example(kind: str) -> dict[str, Any]:
    one = kinds()[kind]
    told = {"type": one.kind, "timestamp": "2026-11-20T14:42:00+00:00", "data": dict(one.data)}
    return told | ({"personal": dict(one.personal)} if one.personal else {})


def _pretty(told: dict[str, Any]) -> str:
    return json.dumps(told, ensure_ascii=False, indent=2)


def _sealer(v: Visit) -> Any:
    return v.request.app.state.sealer


def _local() -> bool:
    return settings().webhooks_local
