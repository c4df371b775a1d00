"""The fields of tickets and messages of another system, and what it may call them."""

from __future__ import annotations

from collections.abc import Mapping

from utility_crm.records.contacts import ACCOUNT, CUSTOMER
from utility_crm.records.contacts import CHANNELS as CONTACT_CHANNELS
from utility_crm.records.kinds import EXTERNAL, NUMBER_THERE, Field
from utility_crm.records.people import AUTHOR
from utility_crm.tickets.actions.writing import LONGEST_SUBJECT, LONGEST_TEXT
from utility_crm.web.words import mark

CHANNELS: Mapping[str, tuple[str, ...]] = {**CONTACT_CHANNELS, "api": ()}
STATUSES: Mapping[str, tuple[str, ...]] = {
    "new": ("новая", "новый", "создана", "зарегистрирована"),
    "open": ("in progress", "active", "assigned", "открыта", "в работе", "открыт", "назначена", "принята"),
    "waiting": ("pending", "waiting for customer", "waiting on customer", "ожидает клиента",
                "ожидание ответа",                "ждём клиента"),
    "on_hold": ("hold", "on hold", "postponed", "deferred", "отложена", "приостановлена"),
    "solved": ("resolved", "done", "решена", "решено", "выполнена", "выполнено"),
    "closed": ("complete", "completed", "archived", "cancelled", "canceled", "закрыта", "закрыто", "закрыт",
               "отменена", "архив"),
}  # fmt: skip
KINDS: Mapping[str, tuple[str, ...]] = {
    "billing": ("bill", "invoice", "payment", "счёт", "начисления", "оплата", "биллинг"),
    "outage": ("power cut", "fault", "no power", "отключение", "авария"),
    "meter": ("meter reading", "metering", "счётчик", "показания", "прибор учёта"),
    "complaint": ("complaints", "жалоба", "претензия"),
    "move": ("moving", "move in", "move out", "переезд"),
    "other": ("general", "misc", "question", "прочее", "другое", "вопрос"),
}
PRIORITIES: Mapping[str, tuple[str, ...]] = {
    "low": ("minor", "p4", "4", "низкий", "низкая"),
    "normal": ("medium", "default", "p3", "3", "обычный", "средний", "обычная", "средняя", "нормальный"),
    "high": ("major", "p2", "2", "высокий", "высокая"),
    "urgent": ("critical", "emergency", "p1", "1", "срочный", "срочная", "критический", "аварийный"),
}
_NUMBER_SAID = (
    "id", "ticket id", "ticket number", "ticket no", "case id", "case number", "number", "no", "key",
    "issue key", "номер", "код", "ид", "№", "номер заявки", "номер обращения", "id заявки",
)  # fmt: skip
_TEXT_SAID = (
    "description", "body", "message", "comment", "content", "details", "описание", "текст", "сообщение",
    "содержание", "комментарий", "суть",
)  # fmt: skip

TICKET_FIELDS = (
    Field(EXTERNAL, NUMBER_THERE, required=True, said=_NUMBER_SAID),
    CUSTOMER,
    ACCOUNT,
    Field("subject", mark("Subject"), required=True, said=(
        "title", "summary", "topic", "name", "тема", "заголовок", "название", "предмет",
    ), longest=LONGEST_SUBJECT),
    Field("kind", mark("Type"), "choice", said=(
        "type", "ticket type", "category", "issue type", "тип", "категория", "вид", "тип заявки",
    ), choices=KINDS, otherwise="other"),
    Field("status", mark("Status"), "choice", required=True, said=("state", "статус", "состояние"),
          choices=STATUSES),
    Field("priority", mark("Priority"), "choice", said=("severity", "urgency", "приоритет", "срочность"),
          choices=PRIORITIES, otherwise="normal"),
    Field("channel", mark("How"), "choice", said=(
        "source", "via", "origin", "medium", "канал", "источник", "способ", "откуда",
    ), choices=CHANNELS, otherwise="web"),
    Field("opened_at", mark("Opened"), "instant", required=True, said=(
        "opened", "created", "created at", "created on", "date created", "date", "open date", "создана",
        "создано",         "дата создания", "дата", "открыта", "дата открытия", "дата регистрации",
    )),
    Field("first_answered_at", mark("First answer"), "instant", said=(
        "first response", "first response at", "first reply", "first answer", "первый ответ", "дата ответа",
        "дата первого ответа",
    )),
    Field("solved_at", mark("Solved"), "instant", said=(
        "resolved", "resolved at", "resolution date", "solved", "дата решения", "решена", "решено",
    )),
    Field("closed_at", mark("Closed"), "instant", said=(
        "closed", "closed at", "close date", "date closed", "дата закрытия", "закрыта", "закрыто",
    )),
    Field("assignee", mark("Whose it is"), said=(
        "owner", "assigned to", "agent", "responsible", "исполнитель", "ответственный", "назначена на",
        "сотрудник", "оператор",
    )),
    Field("team", mark("Team"), said=(
        "group", "queue", "department", "группа", "очередь", "отдел", "команда", "подразделение",
    )),
    Field("tags", mark("Tags"), said=("labels", "keywords", "метки", "теги"), longest=500),
    Field("text", mark("First words"), "long", said=_TEXT_SAID, longest=LONGEST_TEXT),
    Field("sender", mark("From"), said=(
        "requester", "reporter", "contact name", "from", "email", "заявитель", "отправитель", "от кого",
    )),
)  # fmt: skip

MESSAGE_FIELDS = (
    Field(EXTERNAL, NUMBER_THERE, required=True, said=(
        "id", "message id", "comment id", "note id", "number", "no", "номер", "код", "ид", "№",
        "номер сообщения", "id сообщения", "id комментария",
    )),
    Field("ticket", mark("Ticket"), required=True, said=(
        "ticket id", "ticket number", "case id", "case number", "issue key", "parent", "заявка",
        "номер заявки",         "id заявки", "обращение", "номер обращения",
    )),
    Field("at", mark("When"), "instant", required=True, said=(
        "date", "created", "created at", "sent", "sent at", "time", "дата", "дата и время", "когда",
        "создано", "отправлено",
    )),
    Field("direction", mark("Who wrote"), "choice", said=(
        "type", "kind", "author type", "visibility", "направление", "тип", "вид", "кто",
    ), choices={
        "in": ("inbound", "incoming", "customer", "client", "входящее", "входящий", "клиент", "вх"),
        "out": ("outbound", "outgoing", "agent", "reply", "answer", "public", "исходящее", "исходящий",
                "ответ", "сотрудник", "исх"),
        "note": ("internal", "internal note", "private", "comment", "system", "заметка", "внутренний",
                 "внутренняя заметка", "комментарий", "служебное"),
    }, otherwise="in"),
    Field("channel", mark("How"), "choice", said=("via", "medium", "канал", "способ"), choices=CHANNELS,
          otherwise="email"),
    Field("text", mark("What was written"), "long", required=True, said=_TEXT_SAID, longest=LONGEST_TEXT),
    Field("sender", mark("From"), said=("from", "sender email", "email", "отправитель", "от кого")),
    AUTHOR,
)  # fmt: skip
