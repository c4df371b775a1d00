"""Contacts that another system logged: calls, letters, visits, as rows of the customer's history."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text

from utility_crm.customers.conversations import LONGEST_NOTE
from utility_crm.records.kinds import (
    EXTERNAL,
    NUMBER_THERE,
    TO_COME,
    Brought,
    Change,
    Changed,
    Field,
    Kind,
    Made,
    Refusal,
    Row,
    Stands,
    Taking,
    whose,
)
from utility_crm.records.people import AUTHOR, authors
from utility_crm.records.restoring import gone, moved_on, put_back
from utility_crm.web.words import mark

CUSTOMER = Field("customer", mark("Customer"), said=(
    "customer number", "customer id", "client", "client number", "customer no", "клиент", "номер клиента",
    "код клиента", "абонент", "номер абонента", "код абонента",
), longest=100)  # fmt: skip
ACCOUNT = Field("account", mark("Account"), said=(
    "account number", "account no", "contract account", "лицевой счёт", "номер лицевого счета", "лс", "л с",
    "счёт", "номер договора", "договор",
), longest=100)  # fmt: skip
CHANNELS: Mapping[str, tuple[str, ...]] = {
    "call": ("phone", "telephone", "phone call", "inbound call", "звонок", "телефон", "телефонный звонок"),
    "email": ("e-mail", "mail", "почта", "электронная почта", "эл почта", "имейл"),
    "letter": ("post", "paper", "письмо", "почтовое письмо"),
    "visit": ("office", "in person", "walk in", "branch", "визит", "офис", "личный приём", "посещение"),
    "web": ("website", "portal", "web form", "сайт", "личный кабинет", "веб", "форма"),
    "fax": ("факс",),
    "sms": ("text", "text message", "смс"),
    "messenger": ("chat", "whatsapp", "telegram", "чат", "мессенджер"),
}
_FIELDS = (
    Field(EXTERNAL, NUMBER_THERE, required=True, said=(
        "id", "contact id", "call id", "interaction id", "number", "no", "ref", "reference", "номер", "код",
        "ид", "№", "номер обращения", "id обращения",
    )),
    CUSTOMER,
    ACCOUNT,
    Field("at", mark("When"), "instant", required=True, said=(
        "date", "time", "datetime", "created", "created at", "contact date", "date time", "дата",
        "дата время",
        "дата и время", "когда", "дата обращения", "создано",
    )),
    Field("channel", mark("How"), "choice", said=(
        "type", "contact type", "medium", "via", "канал", "способ", "вид", "тип", "тип обращения",
    ), choices=CHANNELS, otherwise="call"),
    Field("direction", mark("Who spoke"), "choice", said=("in out", "направление"), choices={
        "in": ("inbound", "incoming", "входящий", "входящее", "вх"),
        "out": ("outbound", "outgoing", "исходящий", "исходящее", "исх"),
    }, otherwise="in"),
    Field("topic", mark("About"), "choice", said=(
        "subject", "reason", "category", "тема", "вопрос", "причина", "категория",
    ), choices={
        "bill": ("billing", "invoice", "bills", "счёт", "начисления", "начисление", "квитанция"),
        "payment": ("payments", "paid", "debt", "платёж", "оплата", "платежи", "долг", "задолженность"),
        "meter": ("reading", "meter reading", "metering", "счётчик", "показания", "прибор учёта"),
        "outage": ("power cut", "no power", "fault", "отключение", "авария", "нет света"),
        "tariff": ("price", "tariffs", "тариф", "цена", "тарифы"),
        "moving": ("move", "move in", "move out", "переезд", "смена собственника"),
        "contract": ("agreement", "договор", "контракт"),
        "details": ("contact details", "address", "данные", "контакты", "персональные данные"),
        "other": ("misc", "general", "another", "прочее", "другое", "иное"),
    }, otherwise="other"),
    Field("note", mark("What was said"), "long", said=(
        "text", "notes", "comment", "description", "summary", "details", "текст", "комментарий", "описание",
        "содержание", "примечание", "заметка",
    ), longest=LONGEST_NOTE),
    Field("outcome", mark("What came of it"), "long", said=(
        "result", "resolution", "answer", "результат", "итог", "решение", "ответ",
    ), longest=LONGEST_NOTE),
    Field("complaint", mark("Complaint"), "yes", said=("is complaint", "жалоба", "претензия"),
          otherwise="no"),
    Field("resolved", mark("Settled at once"), "yes", said=("solved", "fcr", "решено", "решён")),
    Field("answered_at", mark("Answered"), "instant", said=(
        "closed", "closed at", "answered", "answer date", "дата ответа", "закрыто", "дата закрытия",
    )),
    AUTHOR,
)  # fmt: skip
BEFORE = mark("It was answered before it was said.")
_COLUMNS = (
    "customer_id",
    "at",
    "channel",
    "direction",
    "topic",
    "complaint",
    "outcome",
    "resolved",
    "answered_at",
    "note",
    "author_id",
)
_INSERT = text("""
    with told as (
        select * from jsonb_to_recordset(cast(:rows as jsonb)) as t(place int, customer_id bigint,
            at timestamptz, channel text, direction text, topic text, complaint bool, outcome text,
            resolved bool, answered_at timestamptz, note text, author_id bigint)
    ), numbered as (
        select t.*, nextval(pg_get_serial_sequence('contacts', 'id')) as id from told t
    ), made as (
        insert into contacts (id, customer_id, at, channel, direction, topic, complaint, outcome, resolved,
            answered_at, note, author_id)
        overriding system value
        select id, customer_id, at, channel, direction, topic, complaint, outcome, resolved, answered_at,
            note, author_id from numbered
    )
    select place, id from numbered
""")
_HELD = text(f"select id, {', '.join(_COLUMNS)} from contacts where id = any(:ids) for update")
_UPDATE = text("""
    update contacts c set customer_id = t.customer_id, at = t.at, channel = t.channel,
        direction = t.direction, topic = t.topic, complaint = t.complaint, outcome = t.outcome,
        resolved = t.resolved, answered_at = t.answered_at, note = t.note, author_id = t.author_id
    from jsonb_to_recordset(cast(:rows as jsonb)) as t(id bigint, customer_id bigint, at timestamptz,
        channel text, direction text, topic text, complaint bool, outcome text, resolved bool,
        answered_at timestamptz, note text, author_id bigint)
    where c.id = t.id
""")


def _wanted(taking: Taking, rows: Sequence[Row]) -> tuple[dict[int, dict[str, Any]], list[Refusal]]:
    """The columns that rows stand for, by line."""
    people, refused = whose(taking, rows)
    writers = authors(taking, rows)
    found: dict[int, dict[str, Any]] = {}
    bad = {one.line for one in refused}
    for row in rows:
        if row.line in bad:
            continue
        wrong = _wrong(taking, row)
        if wrong is not None:
            refused.append(wrong)
            continue
        found[row.line] = {
            "customer_id": people[row.line].customer_id, "at": row.values["at"],
            "channel": row.values["channel"], "direction": row.values["direction"],
            "topic": row.values["topic"], "complaint": row.values["complaint"],
            "outcome": row.get("outcome"), "resolved": row.get("resolved", None),
            "answered_at": row.get("answered_at", None), "note": writers[row.line].sign(row.get("note")),
            "author_id": writers[row.line].id,
        }  # fmt: skip
    return found, refused


def _wrong(taking: Taking, row: Row) -> Refusal | None:
    at: datetime = row.values["at"]
    answered: datetime | None = row.get("answered_at", None)
    for name, value in (("at", at), ("answered_at", answered)):
        if value is not None and value > taking.now:
            shown = value.isoformat()
            return Refusal(row.line, name, "to_come", TO_COME, shown, {"value": shown})
    if answered is not None and answered < at:
        return Refusal(row.line, "answered_at", "before", BEFORE, answered.isoformat())
    return None


def _make(taking: Taking, rows: Sequence[Row]) -> Made:
    found, refused = _wanted(taking, rows)
    told = [{"place": line, **_closed(values)} for line, values in found.items()]
    made = taking.session.execute(_INSERT, {"rows": json.dumps(told, default=str)})
    return Made(dict(iter(made.all())), refused)


def _closed(values: dict[str, Any]) -> dict[str, Any]:
    """A complaint with an outcome and no day was answered when it was made; one without waits, and gets its
    ticket by the clock (`tickets.complaints.following`)."""
    if values["complaint"] and values["answered_at"] is None and values["outcome"]:
        return {**values, "answered_at": values["at"]}
    return values


def _change(taking: Taking, rows: Sequence[Row]) -> Changed:
    found, refused = _wanted(taking, rows)
    ids = [row.thing_id for row in rows]
    held = {row.id: row._asdict() for row in taking.session.execute(_HELD, {"ids": ids})}
    changes: dict[int, Change] = {}
    told = []
    for row in rows:
        if row.line not in found:
            continue
        if row.thing_id not in held:
            refused.append(gone(row))
            continue
        wanted, now_is = _closed(found[row.line]), held[row.thing_id]
        before = {name: now_is[name] for name in _COLUMNS if now_is[name] != wanted[name]}
        if before:
            after = {name: wanted[name] for name in before}
            changes[row.line] = Change(wanted["customer_id"], before, after)
            told.append({"id": row.thing_id, **wanted})
    if told:
        taking.session.execute(_UPDATE, {"rows": json.dumps(told, default=str)})
    return Changed(changes, refused)


def _stands(taking: Taking, things: Sequence[Brought]) -> Sequence[Stands]:
    return moved_on(taking, "contacts", things)


def _take_back(taking: Taking, things: Sequence[Brought]) -> None:
    put_back(taking, "contacts", things, mark("contact"))


CONTACTS = Kind(
    name="contacts", title=mark("Contacts"), thing=mark("contact"), order=20, fields=_FIELDS, make=_make,
    change=_change, stands=_stands, take_back=_take_back, table="contacts",
)  # fmt: skip
KINDS = (CONTACTS,)
