"""A direct debit came back: what the bank says, what it costs, and how to pay instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from notifications.outbox.new_notice import NewNotice
from notifications.types import Facts, NoticeType
from utility_crm.web.words import mark

WHY: Final[Mapping[str, Mapping[str, str]]] = {
    "AC01": {"en": "the account number is wrong", "ru": "неверный номер счёта"},
    "AC04": {"en": "the account is closed", "ru": "счёт закрыт"},
    "AC06": {"en": "the account is blocked", "ru": "счёт заблокирован"},
    "AC13": {"en": "it is no account of a person", "ru": "это не счёт физического лица"},
    "AG01": {"en": "the account takes no direct debits", "ru": "по этому счёту прямой дебет невозможен"},
    "AM04": {"en": "there was not enough money in the account", "ru": "на счёте не хватило денег"},
    "MD01": {"en": "it knows of no mandate", "ru": "нет согласия на прямой дебет"},
    "MD06": {"en": "the payment was called back", "ru": "плательщик отозвал платёж"},
    "MS02": {"en": "the account's holder stopped it", "ru": "владелец счёта отказался от платежа"},
    "SL01": {"en": "the account's holder set a limit", "ru": "владелец счёта поставил ограничение"},
}
"""Codes of ISO 20022's external code set ExternalStatusReason1Code that the SEPA direct debit rulebook names,
in words. A death (MD07) and what banks may not say (MS03, RR04) are not passed on."""


def payment_failed(
    *,
    customer_id: int,
    account_id: int,
    account: str,
    bill: str,
    end_to_end_id: str,
    amount_minor: int,
    currency: str,
    code: str,
    fee_minor: int,
) -> NewNotice:
    """To the payer, once for the direct debit; `code` is the bank's, `fee_minor` what the return costs."""
    return NewNotice(
        key=f"payment_failed:{end_to_end_id}",
        notice="payment_failed",
        about=f"bill:{bill}",
        customer_id=customer_id,
        account_id=account_id,
        priority=40,
        context={
            "account": account,
            "bill": bill,
            "amount_minor": amount_minor,
            "currency": currency,
            "code": code,
            "fee_minor": fee_minor,
        },
    )


def _words(facts: Facts) -> Mapping[str, Any]:
    return {
        **facts.plain("account", "bill"),
        "amount": facts.money("amount_minor"),
        "why": WHY.get(facts.context["code"], {}).get(facts.language, ""),
        "fee": facts.money("fee_minor") if facts.context["fee_minor"] else "",
    }


TYPE = NoticeType(
    name="payment_failed",
    title=mark("Direct debit returned"),
    purpose="service",
    words=_words,
    channels=("email", "messenger", "sms", "letter"),
    example={
        "account": "A-77",
        "bill": "F-000123",
        "amount_minor": 4512,
        "currency": "GBP",
        "code": "AM04",
        "fee_minor": 300,
    },
)
