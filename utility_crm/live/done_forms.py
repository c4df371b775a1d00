"""Around every posted form: what was done once is not done again, and its drafts go when it is.

The application hands this to `web.posting`. A form carries a token of its own (`once`); where the answer to
it was lost, because the database or the network went away, it may be sent again as it is.
"""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from json import dumps
from typing import Final

from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session
from starlette.responses import Response

from utility_crm.live.drafts import drafts_sent
from utility_crm.live.tables import DoneForm
from utility_crm.web.forms import DRAFT, ONCE, Posted
from utility_crm.web.visit import Visit
from utility_crm.web.words import translator

KEPT: Final = timedelta(days=2)
_CLAIM = text("insert into done_forms (sha256) values (:sha256) on conflict do nothing returning sha256")
_FORGET = text("delete from done_forms where at < now() - cast(:kept as interval)")


class DoneForms:
    """Keeps which forms were done, in the transaction in which they are."""

    def begun(self, v: Visit, posted: Posted) -> Response | None:
        """The answer to a form that was done before, None for a new one. Of the same form sent twice at once
        the second waits here for the first."""
        digest = _digest(v.user.id, posted)
        if digest is None or v.session.scalar(_CLAIM, {"sha256": digest}) is not None:
            return None
        address = v.session.scalar(select(DoneForm.address).where(DoneForm.sha256 == digest))
        _ = translator(v.user.language, "utility_crm.live")
        words = _("This was done already when it was first sent: nothing was done twice.")
        return v.done(words, address or "/", nothing=True)

    def done(self, v: Visit, posted: Posted, response: Response) -> None:
        """The form was done: where it leads is kept, and its drafts are not any more."""
        digest = _digest(v.user.id, posted)
        address = response.headers.get("HX-Redirect") or response.headers.get("location")
        if (
            response.status_code >= 400
        ):  # shown again, as part of it is still to be done: that may be sent once more
            v.session.execute(delete(DoneForm).where(DoneForm.sha256 == digest))
            return
        if digest is not None and address:
            done = update(DoneForm).where(DoneForm.sha256 == digest)
            v.session.execute(done.values(address=address))
        if drafts := posted.every(DRAFT):
            texts = [one for name, values in posted.values.items() if name != DRAFT for one in values]
            drafts_sent(v.session, v.user.id, drafts, texts, v.now)


def forget_done_forms(session: Session) -> None:
    """What was done longer ago than KEPT is sent again by nobody."""
    session.execute(_FORGET, {"kept": KEPT})


def _digest(user_id: int, posted: Posted) -> str | None:
    token = posted.text(ONCE)
    if not token or posted.files:
        return None
    told = sorted((name, values) for name, values in posted.values.items() if name != DRAFT)
    return sha256(dumps([user_id, told]).encode()).hexdigest()
