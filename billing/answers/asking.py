"""A question asked from outside a page, about one account."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.answers.parameters import checked
from billing.answers.registry import answer_named
from billing.answers.told import AnswerDocument
from billing.wording import say
from utility_crm.kit.errors import NotFound
from utility_crm.kit.parts import CustomerCall
from utility_crm.web.words import mark

_HOLDER = text("select customer_id from accounts where number = :number")


def answered(
    session: Session,
    account: str,
    question: str,
    *,
    now: datetime,
    today: date,
    language: str = "en",
    params: Mapping[str, str] | None = None,
) -> AnswerDocument:
    """The answer to one question about an account. params: what the question takes, such as which bill.

    Raises NotFound for an account or a question that is not there, WrongParameter for a parameter that the
    question does not take or a value that it cannot have, Refused and Conflict as the answer itself does.
    """
    asked = answer_named(question)
    customer_id = session.scalar(_HOLDER, {"number": account})
    if customer_id is None:
        raise NotFound("account", mark("There is no account %(account)s."), "account", account=account)
    given = {**(params or {}), "account": account, "ask": question}
    call = CustomerCall(session, customer_id, now, today, language, given)
    checked(call, asked.takes, question, params or {})
    return asked.told(call).document(account, asked.key, say(language)(asked.title))
