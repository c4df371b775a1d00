"""What tickets keep of a customer. A ticket itself stays, as a kind, a channel and times without a person:
the
figures of the desk are counted from it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.kit.personal import Aging, Holding, PaperOut, Personal, Scope, Scopes, Waits
from utility_crm.tickets.domain.files import harmless_name
from utility_crm.web.words import mark

_TICKET = "t.ticket_id = any(:tickets)"
_MESSAGE = "t.message_id = any(:messages)"
_INSIDE = mark(
    "Notes among colleagues stay in the house (GDPR, art. 15(4)); what was written to you is here."
)
_CLOSED = "(select s.closed_at from tickets s where s.id = t.ticket_id)"
_OF_TICKET = "(select s.customer_id from tickets s where s.id = t.ticket_id)"
_FILES = text("""
    select distinct on (a.sha256) a.id, a.name from ticket_attachments a
    join ticket_messages m on m.id = a.message_id
    where a.message_id = any(:messages) and m.direction <> 'note' and a.sha256 is not null order by
    a.sha256, a.id
""")
_CONTENT = text("""
    select f.content from ticket_files f join ticket_attachments a on a.sha256 = f.sha256 where a.id = :id
""")


def papers(session: Session, scopes: Scopes, language: str) -> Iterator[PaperOut]:
    """What was attached to messages, as it came; not to notes among colleagues."""
    del language
    for file_id, name in session.execute(_FILES, {"messages": scopes["messages"]}).all():
        content = partial(_content, session, file_id)
        yield PaperOut(f"attachments/{file_id}-{harmless_name(name)}", content)


def _content(session: Session, file_id: int) -> bytes:
    return bytes(session.execute(_CONTENT, {"id": file_id}).scalar_one())


PERSONAL = Personal(
    holdings=(
        Holding("ticket_presence", mark("Who has a ticket open"), _TICKET, "delete", out=None),
        Holding(
            "ticket_mentions",
            mark("Colleagues named in notes"),
            _MESSAGE,
            "delete",
            out=None,
            withheld=_INSIDE,
        ),
        Holding("ticket_watchers", mark("Colleagues who follow a ticket"), _TICKET, "delete", out=None),
        Holding(
            "ticket_events",
            mark("What became of tickets"),
            _TICKET,
            {"before": "'{}'", "after": "'{}'", "reason": "''"},
            out="""select t.ticket_id as ticket, t.at, t.kind from ticket_events t
                   where t.ticket_id = any(:tickets) and t.kind not in ('note', 'mention') order by t.id""",
            withheld=_INSIDE,
        ),
        Holding(
            "ticket_attachments",
            mark("Files on messages"),
            _MESSAGE,
            {"name": "''", "sha256": "null", "refused": "'erased'", "size_bytes": "0"},
            only="exists (select from ticket_messages m where m.id = t.message_id and m.direction <> 'note')",
        ),
        Holding(
            "ticket_messages",
            mark("Messages"),
            _TICKET,
            {"text": "''", "sender": "''", "external_id": "null", "sending_detail": "''"},
            only="t.direction <> 'note'",
            hidden=("form_key", "external_id", "outbox_id", "sending_detail"),
            withheld=_INSIDE,
            sweeps=("text",),
        ),
        Holding("ticket_links", mark("Tickets that belong together"), _TICKET, "stays", out=None),
        Holding(
            "drafts",
            mark("What a colleague typed and has not sent"),
            """(regexp_match(t.key, '^(answer|note|complaint)-T-([0-9]{1,17})$'))[2]::bigint - 10000
                = any(:tickets)""",
            "delete",
            out=None,
        ),
        Holding(
            "tickets",
            mark("Tickets"),
            "t.id = any(:tickets)",
            {"subject": "''", "tags": "'{}'", "premise_id": "null", "language": "''"},
            hidden=("assignee_id", "team_id", "version", "tags"),
            sweeps=("subject",),
        ),
    ),
    scopes=(
        Scope("tickets", "select id from tickets where customer_id = any(:people)"),
        Scope("messages", "select id from ticket_messages where ticket_id = any(:tickets)"),
        Scope(
            "files",
            """select distinct sha256 from ticket_attachments
               where message_id = any(:messages) and sha256 is not null""",
        ),
    ),
    waits=(
        Waits(
            "ticket_open",
            """select count(*), coalesce(string_agg('T-' || (10000 + id), ', '), '') from tickets
               where id = any(:tickets) and status not in ('solved', 'closed')""",
            mark("%(many)s tickets are open: %(which)s"),
        ),
    ),
    agings=(
        Aging(
            "messages",
            mark("Texts of messages on closed tickets"),
            "ticket_messages",
            "at",
            36,
            mark("as long as a claim may be brought in most countries"),
            old=f"t.at < :cut and {_CLOSED} < :cut and (t.text <> '' or t.sender <> '')",
            now={"text": "''", "sender": "''"},
            person=_OF_TICKET,
            least=3,
        ),
        Aging(
            "attachments",
            mark("Files on closed tickets"),
            "ticket_attachments",
            "id",
            36,
            mark("as the messages they came with"),
            old="""t.sha256 is not null and exists (select from ticket_messages m join tickets s on s.id =
                m.ticket_id
                   where m.id = t.message_id and m.at < :cut and s.closed_at < :cut)""",
            now={"sha256": "null", "refused": "'forgotten'"},
            least=3,
            after="""delete from ticket_files f
                     where not exists (select from ticket_attachments a where a.sha256 = f.sha256)""",
            person="""(select s.customer_id from ticket_messages m join tickets s on s.id = m.ticket_id
                       where m.id = t.message_id)""",
        ),
    ),
    papers="utility_crm.tickets.personal:papers",
    apart={
        "ticket_views": "lists of tickets that colleagues keep",
        "ticket_files": "contents by their digest: those that no message names any more go at once",
    },
    blanks=(
        """delete from ticket_files f where f.sha256 = any(:files)
           and not exists (select from ticket_attachments a where a.sha256 = f.sha256)""",
    ),
)
