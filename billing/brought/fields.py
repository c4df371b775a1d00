"""The fields of payments and balances of another system, and what it may call them."""

from __future__ import annotations

from utility_crm.records.contacts import ACCOUNT, CUSTOMER
from utility_crm.records.kinds import EXTERNAL, NUMBER_THERE, Field
from utility_crm.web.words import mark

_AMOUNT_SAID = (
    "sum",
    "total",
    "paid",
    "payment amount",
    "value",
    "сумма",
    "сумма платежа",
    "оплачено",
    "итого",
)
_CURRENCY = Field(
    "currency", mark("Currency"), said=("ccy", "currency code", "валюта", "код валюты"), longest=3
)

PAYMENT_FIELDS = (
    Field(EXTERNAL, NUMBER_THERE, required=True, said=(
        "id", "payment id", "payment number", "transaction id", "transaction", "reference", "receipt",
        "document number", "number", "no", "ref", "номер", "код", "ид", "№", "номер платежа",
        "номер документа", "номер квитанции",
    )),
    ACCOUNT,
    CUSTOMER,
    Field("received_on", mark("Received"), "day", required=True, said=(
        "date", "payment date", "paid on", "received", "booked", "booking date", "posted", "дата",
        "дата платежа",
        "дата оплаты", "дата поступления", "проведено",
    )),
    Field("amount", mark("Amount"), "amount", required=True, said=_AMOUNT_SAID),
    _CURRENCY,
    Field("method", mark("How"), "choice", said=(
        "type", "payment method", "payment type", "channel", "способ", "способ оплаты", "вид платежа", "тип",
        "канал",
    ), choices={
        "transfer": ("bank", "bank transfer", "wire", "перевод", "банк", "банковский перевод", "безнал"),
        "card": ("credit card", "debit card", "карта", "банковская карта", "эквайринг"),
        "cash": ("till", "office", "наличные", "касса"),
        "direct_debit": ("direct debit", "dd", "sepa", "автоплатёж", "списание"),
    }, otherwise="transfer"),
)  # fmt: skip

BALANCE_FIELDS = (
    Field("account", mark("Account"), required=True, said=ACCOUNT.said, longest=100),
    Field("balance", mark("Balance"), "amount", required=True, said=(
        "amount", "debt", "owed", "balance due", "arrears", "остаток", "сальдо", "баланс", "долг",
        "задолженность",
        "сумма",
    )),
    _CURRENCY,
)  # fmt: skip
