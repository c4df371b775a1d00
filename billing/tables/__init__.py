"""Tariffs, agreements, bills and their lines, payments, and a double-entry ledger: a room a subject."""

from billing.tables.bills import (
    Bill,
    BillFill,
    BillLine,
    HeldBill,
)
from billing.tables.corrections import (
    Correction,
    CorrectionLook,
    CreditNote,
    CreditNoteLine,
    TariffHistory,
)
from billing.tables.dunning import (
    DunningCase,
    DunningDelivery,
    DunningStep,
    DunningStrategy,
)
from billing.tables.invoices import (
    GatheredBill,
    Invoice,
    NumberSeries,
    Supplier,
    TaxIdentity,
)
from billing.tables.kept_explanations import (
    KeptExplanation,
)
from billing.tables.late_fees import (
    LateFee,
)
from billing.tables.ledger import (
    AccountBalance,
    Adjustment,
    Allocation,
    LedgerEntry,
    Payment,
)
from billing.tables.life import (
    BudgetPlan,
    DeemedTerms,
    Deposit,
)
from billing.tables.looking_back import (
    BillTrace,
)
from billing.tables.money_in import (
    Collection,
    Creditor,
    DirectDebit,
    Mandate,
    PaymentFile,
    SuspenseItem,
)
from billing.tables.next_bills import (
    KeptNextBill,
)
from billing.tables.plans import (
    Dispute,
    PaymentPlan,
    PlanBill,
    PlanInstalment,
    Promise,
)
from billing.tables.prices import (
    NetCredit,
    PriceDay,
    PriceDayHistory,
    PriceImport,
    PriceSeries,
)
from billing.tables.runs import (
    BillRun,
    GateRule,
    HoldDecision,
)
from billing.tables.supply import (
    Agreement,
    Tariff,
)
from billing.tables.supply_changes import (
    ForwardingAddress,
    SupplyChange,
)
from billing.tables.what_if import (
    ForecastSpread,
    WhatIf,
    WhatIfResult,
)

__all__ = [
    "AccountBalance",
    "Adjustment",
    "Agreement",
    "Allocation",
    "Bill",
    "BillFill",
    "BillLine",
    "BillRun",
    "BillTrace",
    "BudgetPlan",
    "Collection",
    "Correction",
    "CorrectionLook",
    "CreditNote",
    "CreditNoteLine",
    "Creditor",
    "DeemedTerms",
    "Deposit",
    "DirectDebit",
    "Dispute",
    "DunningCase",
    "DunningDelivery",
    "DunningStep",
    "DunningStrategy",
    "ForecastSpread",
    "ForwardingAddress",
    "GateRule",
    "GatheredBill",
    "HeldBill",
    "HoldDecision",
    "Invoice",
    "KeptExplanation",
    "KeptNextBill",
    "LateFee",
    "LedgerEntry",
    "Mandate",
    "NetCredit",
    "NumberSeries",
    "Payment",
    "PaymentFile",
    "PaymentPlan",
    "PlanBill",
    "PlanInstalment",
    "PriceDay",
    "PriceDayHistory",
    "PriceImport",
    "PriceSeries",
    "Promise",
    "Supplier",
    "SupplyChange",
    "SuspenseItem",
    "Tariff",
    "TariffHistory",
    "TaxIdentity",
    "WhatIf",
    "WhatIfResult",
]
