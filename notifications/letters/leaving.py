"""What a person says of letters: that a batch was handed over, and that one came back."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from notifications.outbox.receipts import Told, take_receipts
from utility_crm.kit.errors import Conflict, Invalid, NotFound
from utility_crm.web.words import mark

PROVIDER = "post"
_HELD = text("select state, letters from letter_batches where id = :id for update")
_HANDED_OVER = text("""
    update letter_batches set state = 'handed_over', handed_over_at = :now, handed_over_by = :by
    where id = :id
""")
# From now on they count as sent, and the try is written down as one to any other channel is.
_SENT = text("""
    with gone as (
        update outbox set state = 'sent', sent_at = :now
        from letters
        where letters.batch_id = :id and letters.returned_at is null
          and outbox.id = letters.notice_id and outbox.message_id = letters.message_id
          and outbox.state = 'gathered'
        returning outbox.id, outbox.address, outbox.message_id, letters.position
    )
    insert into delivery_attempts
        (notice_id, channel, address, message_id, begun_at, ended_at, outcome, provider_id)
    select id, 'letter', address, message_id, :now, :now, 'taken', cast(:id as text) || '-' || position
    from gone
    returning notice_id
""")
_LETTER = text("""
    select letters.id, letters.message_id, letters.name, letters.returned_at, batch.state
    from letters join letter_batches as batch on batch.id = letters.batch_id
    where letters.batch_id = :batch and letters.position = :position for update of letters
""")
_RETURNED = text("""
    update letters set returned_at = :now, returned_by = :by, returned_because = :because where id = :id
""")
_NUMBER = re.compile(r"(\d{1,15})\s*[-–−/]\s*(\d{1,9})")


def hand_over(session: Session, batch_id: int, now: datetime, by: int) -> int:
    """A person handed the batch over: its notices are sent. How many.

    Raises `NotFound`, and `Conflict` where its file is yet to be made or it was handed over before.
    """
    found = session.execute(_HELD, {"id": batch_id}).one_or_none()
    if found is None or found.state == "empty":
        raise NotFound("no_such_batch", mark("There is no such batch."), str(batch_id))
    if found.state == "cut":
        raise Conflict("not_made", mark("Its file is yet to be made; that takes a minute."), str(batch_id))
    if found.state == "handed_over":
        raise Conflict("handed_over", mark("It was handed over before."), str(batch_id))
    session.execute(_HANDED_OVER, {"id": batch_id, "now": now, "by": by})
    return len(session.execute(_SENT, {"id": batch_id, "now": now}).all())


def take_return(session: Session, number: str, because: str, now: datetime, by: int) -> str:
    """A letter came back undelivered: nothing is written to that address any more, and its notice goes its
    next way or waits for a person; to whom it was.

    `number`: as it stands at its foot, "12-7". Raises `Invalid` for what is none, `NotFound`, and `Conflict`
    where the letter was not handed over yet or came back before.
    """
    read = _NUMBER.fullmatch(number.strip())
    if read is None:
        raise Invalid("letter_number", mark("A letter has a number such as 12-7, at its foot."), "number")
    given = {"batch": int(read[1]), "position": int(read[2])}
    found = session.execute(_LETTER, given).one_or_none()
    if found is None:
        raise NotFound("no_such_letter", mark("There is no letter of this number."), "number")
    if found.state != "handed_over":
        raise Conflict("not_handed_over", mark("Its batch was not handed over yet."), "number")
    if found.returned_at is not None:
        raise Conflict("returned_before", mark("It came back before."), "number")
    session.execute(_RETURNED, {"id": found.id, "now": now, "by": by, "because": because})
    told = Told(f"letter {found.id} returned", found.message_id, "bounced", now, because)
    take_receipts(session, PROVIDER, [told], now)
    return str(found.name)
