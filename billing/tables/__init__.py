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
from billing.tables.invoices import (
    GatheredBill,
    Invoice,
    NumberSeries,
    Supplier,
    TaxIdentity,
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
    InvoiceGroup,
    InvoiceGroupMember,
)
from billing.tables.prices import (
    PriceDay,
    PriceDayHistory,
    PriceImport,
    PriceSeries,
)
from billing.tables.supply import (
    Agreement,
    Tariff,
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
    "BudgetPlan",
    "Correction",
    "CorrectionLook",
    "CreditNote",
    "CreditNoteLine",
    "DeemedTerms",
    "Deposit",
    "ForecastSpread",
    "GatheredBill",
    "HeldBill",
    "Invoice",
    "InvoiceGroup",
    "InvoiceGroupMember",
    "LedgerEntry",
    "NumberSeries",
    "Payment",
    "PriceDay",
    "PriceDayHistory",
    "PriceImport",
    "PriceSeries",
    "Supplier",
    "Tariff",
    "TariffHistory",
    "TaxIdentity",
    "WhatIf",
    "WhatIfResult",
]
