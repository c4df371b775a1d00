"""What a customer wants to hear, and was told."""

from __future__ import annotations

from utility_crm.kit.personal import Aging, Holding, Personal, Scope, Waits
from utility_crm.web.words import mark

_THEIRS = "t.customer_id = any(:people)"
_NOTICE = "t.notice_id = any(:notices)"
_HOUSE = "the house's own: words of notices, outages of the network"

PERSONAL = Personal(
    holdings=(
        Holding(
            "call_tasks",
            mark("Calls because somebody depends on power"),
            _THEIRS,
            "delete",
            hidden=("taken_by",),
        ),
        Holding(
            "letters",
            mark("Letters on paper"),
            _NOTICE,
            "delete",
            hidden=("batch_id", "position", "page_from", "page_to", "message_id", "returned_by"),
        ),
        Holding(
            "letter_batches",
            mark("Letters printed together"),
            "t.id = any(:letter_batches) and t.state = 'handed_over'",
            {"pdf": "''", "index_csv": "''"},
            out=None,
            withheld=mark("It holds letters of others; yours are among the letters on paper."),
        ),
        Holding("notice_events", mark("What became of notices"), _NOTICE, "delete", hidden=("by_user",)),
        Holding(
            "delivery_attempts",
            mark("When notices were sent"),
            _NOTICE,
            "delete",
            hidden=("message_id", "provider_id", "detail"),
        ),
        Holding(
            "receipts",
            mark("What providers told of notices"),
            _NOTICE,
            "delete",
            hidden=("message_id", "event", "detail"),
        ),
        Holding(
            "mailbox",
            mark("Notices in the mailbox of the demo"),
            "(t.message_id = any(:message_ids) or lower(t.recipient) = any(:own_addresses))",
            "delete",
            out=None,
        ),
        Holding(
            "outbox",
            mark("Notices"),
            "t.id = any(:notices)",
            "delete",
            hidden=("key", "lease_until", "claims", "last_error", "message_id", "digest_id", "version"),
        ),
        Holding(
            "consents",
            mark("What you want to hear, and how"),
            _THEIRS,
            "delete",
            hidden=("token_digest", "recorded_by"),
        ),
        Holding(
            "suppressions",
            mark("Addresses nothing is sent to"),
            "lower(t.address) = any(:own_addresses)",
            "delete",
            hidden=("lifted_by", "detail"),
        ),
        Holding(
            "staff_mail",
            mark("Letters to colleagues"),
            "concat_ws(' ', t.subject, t.text) ilike any(:like)",
            "delete",
            out=None,
        ),
    ),
    scopes=(
        Scope(
            "notices",
            """select id from outbox where customer_id = any(:people) or account_id = any(:accounts)
               or (customer_id is null and lower(address) = any(:own_addresses))""",
        ),
        Scope(
            "message_ids",
            """select message_id from outbox where id = any(:notices) and message_id is not null
              union select message_id from delivery_attempts where notice_id = any(:notices)""",
        ),
        Scope("letter_batches", "select distinct batch_id from letters where notice_id = any(:notices)"),
    ),
    waits=(
        Waits(
            "letter_printed",
            """select count(*), coalesce(string_agg(distinct b.cut_at::date::text, ', '), '')
               from letter_batches b where b.id = any(:letter_batches) and b.state in ('cut', 'gathered')""",
            mark("%(many)s batches with a letter to them are not handed over yet: %(which)s"),
        ),
        Waits(
            "notice_sending",
            """select count(*), coalesce(string_agg(notice, ', '), '') from outbox
               where id = any(:notices) and state = 'sending'""",
            mark("%(many)s notices are being sent: %(which)s"),
        ),
    ),
    agings=(
        Aging(
            "notices",
            mark("Notices that were sent or dropped"),
            "outbox",
            "created_at",
            36,
            mark("as long as a claim may be brought in most countries"),
            old="t.created_at < :cut and t.state in ('sent', 'dead', 'withheld')",
            person="t.customer_id",
            least=3,
        ),
        Aging(
            "mailbox",
            mark("The mailbox of the demo"),
            "mailbox",
            "received_at",
            12,
            mark("it is there to be looked at"),
            old="t.received_at < :cut",
        ),
        Aging(
            "letter_batches",
            mark("Files of printed letters"),
            "letter_batches",
            "handed_over_at",
            6,
            mark("the printer asks about them for weeks; each letter's words stay with its notice"),
            least=1,
            old="t.handed_over_at < :cut and octet_length(t.pdf) > 0",
            now={"pdf": "''", "index_csv": "''"},
        ),
        Aging(
            "suppressions",
            mark("Blocked addresses that were opened again"),
            "suppressions",
            "lifted_at",
            12,
            mark("long enough to see whether it bounces again"),
            old="t.lifted_at < :cut",
        ),
        Aging(
            "staff_mail",
            mark("Letters to colleagues"),
            "staff_mail",
            "created_at",
            6,
            mark("they have been read"),
            old="t.created_at < :cut and t.state <> 'waiting'",
        ),
    ),
    apart={
        "notice_versions": _HOUSE,
        "outages": _HOUSE,
        "outage_events": _HOUSE,
        "outage_tellings": _HOUSE,
    },
)
