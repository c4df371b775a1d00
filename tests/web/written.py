"""How to reach somebody, in whatever people wrote about them: put into every text of a house, for the walk
that looks for it (`tests.web.proofs`)."""

from __future__ import annotations

from sqlalchemy import Connection, text

_TICKET = "(select customer_id from tickets where id = x.ticket_id)"
_ACCOUNT = "(select customer_id from accounts where id = x.account_id)"
_NOTICE = "(select customer_id from outbox where id = x.notice_id)"
FIELDS: dict[str, tuple[str, ...]] = {
    "tickets": ("x.customer_id", "subject"),
    "ticket_messages": (_TICKET, "text", "sender", "sending_detail"),
    "ticket_events": (_TICKET, "reason"),
    "complaints": (_TICKET, "cause_detail"),
    "complaint_steps": (_TICKET, "note"),
    "complaint_letters": (_TICKET, "subject", "text"),
    "surveys": ("x.customer_id and x.score is not null", "comment"),
    "survey_answers": ("(select customer_id from surveys where id = x.survey_id)", "comment"),
    "tasks": ("x.customer_id", "title", "note", "outcome"),
    "appointments": ("x.customer_id", "note", "outcome"),
    "appointment_events": ("(select customer_id from appointments where id = x.appointment_id)", "note"),
    "contacts": ("x.customer_id", "note"),
    "calls": ("x.customer_id", "note"),
    "call_tasks": ("x.customer_id", "outcome"),
    "arrivals": ("x.customer_id", "subject", "sender_name", "detail"),
    "outbox": ("x.customer_id", "subject", "last_error"),
    "delivery_attempts": (_NOTICE, "detail"),
    "notice_events": (_NOTICE, "detail"),
    "receipts": (_NOTICE, "detail"),
    "relations": ("x.customer_id", "role", "proof"),
    "consents": ("x.customer_id", "proof"),
    "verifications": ("x.customer_id", "reason"),
    "privacy_requests": ("x.customer_id", "proof", "extended_because", "reason"),
    "privacy_holds": ("x.customer_id", "reason"),
    "contact_points": ("x.customer_id", "label"),
    "adjustments": (_ACCOUNT, "reason", "reference"),
    "payments": (_ACCOUNT, "reference"),
    "promises": (_ACCOUNT, "taken_back_because"),
    "disputes": (_ACCOUNT, "reason"),
    "held_bills": (_ACCOUNT, "reason"),
    "deposits": (_ACCOUNT, "reference"),
    "supply_changes": (_ACCOUNT, "taken_back_because"),
}
"""Table: whose a row is, and its columns."""
_WRITE = """
    update {table} x set {sets} from (
        select customer_id, max(value) filter (where kind = 'email') as email,
            max(value) filter (where kind = 'phone') as phone from contact_points group by customer_id
    ) reach where reach.customer_id = {whose}
"""
_AROUND = (
    # Tickets below one, linked; tags; a file of each.
    """update tickets t set parent_id = p.id from tickets p
       where p.id = (select min(id) from tickets where customer_id is not null and parent_id is null)
       and t.id in (select id from tickets where customer_id is not null and id <> p.id and parent_id is null
            and merged_into_id is null order by id desc limit 3)""",
    """insert into ticket_links (ticket_id, other_id, kind, by_user, at)
       select a.id, b.id, 'related', null, now() from tickets a, tickets b
       where a.id = (select min(id) from tickets where customer_id is not null)
       and b.id = (select max(id) from tickets where customer_id is not null)
       on conflict do nothing""",
    """update tickets t set tags = array[lower(p.value)] from contact_points p
       where p.customer_id = t.customer_id and p.kind = 'email' and p.value = lower(p.value)""",
    """update customers t set tags = array[p.value] from contact_points p
       where p.customer_id = t.id and p.kind = 'email'""",
    """insert into ticket_attachments (message_id, name, media_type, size_bytes, sha256, refused)
       select m.id, 'of ' || p.value || '.pdf', 'application/pdf', 1, null, 'file_large'
       from ticket_messages m join tickets t on t.id = m.ticket_id
       join contact_points p on p.customer_id = t.customer_id and p.kind = 'email'""",
)


def write(connection: Connection) -> None:
    """How to reach them into every text about everybody; history is written, too, which nobody else may."""
    connection.execute(text("set local session_replication_role = replica"))
    for table, (whose, *columns) in FIELDS.items():
        sets = ", ".join(
            f"{one} = left(coalesce({one}, ''), 40) || ' ' || concat_ws(' or ', email, phone)"
            for one in columns
        )
        connection.execute(text(_WRITE.format(table=table, sets=sets, whose=whose)))
    for one in _AROUND:
        connection.execute(text(one))
    connection.execute(text("set local session_replication_role = origin"))
