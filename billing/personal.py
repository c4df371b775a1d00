"""What billing keeps of a customer. Bills, payments and the ledger stay as long as tax law asks for them; the
name on an invoice, an account at a bank and words of a bank's file stay sealed for as long."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.documents.making import document_of
from utility_crm.kit.personal import Holding, Keeping, PaperOut, Personal, Scope, Scopes, Waits
from utility_crm.web.words import mark

_ACCOUNT = "t.account_id = any(:accounts)"
_BILL = "t.bill_id = any(:bills)"
_HOUSE = "the house's own: tariffs, prices, rules, runs, numbers of documents"
_NUMBERS = text("""
    with made_out as (
        select b.id, b.number from bills b
        where b.id = any(:bills) and not exists (
            select from invoices i left join gathered_bills g on g.invoice_id = i.id
            where b.id in (i.bill_id, g.bill_id) and i.customer_id <> all(:people)))
    select number from made_out
    union all
    select n.number from credit_notes n join made_out m on m.id = n.bill_id
    order by 1
""")


def papers(session: Session, scopes: Scopes, language: str) -> Iterator[PaperOut]:
    """Bills and credit notes that were made out to the customer, set as they were sent."""
    del language  # each in the language it was sent in
    asked = {"bills": scopes["bills"], "people": scopes["people"]}
    for number in session.scalars(_NUMBERS, asked).all():
        yield PaperOut(f"bills/{number.replace('/', '-')}.pdf", partial(document_of, session, number))


_MONEY = "ledger"
PERSONAL = Personal(
    holdings=(
        Holding("kept_explanations", mark("Explanations of bills"), _BILL, "delete"),
        Holding(
            "late_fees", mark("Fees for late payment"), _BILL, "stays", kept="bills", hidden=("tariff_id",)
        ),
        Holding(
            "dunning_deliveries",
            mark("How reminders were handed over"),
            "t.step_id in (select id from dunning_steps s where s.account_id = any(:accounts))",
            "stays",
            kept=_MONEY,
            then="delete",
            hidden=("recorded_by",),
        ),
        Holding(
            "dunning_steps",
            mark("Reminders"),
            _ACCOUNT,
            {"checklist": "null", "reason": "''"},
            kept=_MONEY,
            then="delete",
            hidden=("key", "notice_key", "made_by", "checklist"),
        ),
        Holding(
            "dunning_cases",
            mark("Debts that were reminded of"),
            _ACCOUNT,
            "stays",
            kept=_MONEY,
            then="delete",
        ),
        Holding(
            "disputes",
            mark("Disputes"),
            _ACCOUNT,
            {"reason": "'erased'"},
            kept=_MONEY,
            then="delete",
            hidden=("opened_by", "closed_by"),
            sweeps=("reason",),
        ),
        Holding(
            "promises",
            mark("Promises to pay"),
            _ACCOUNT,
            {"taken_back_because": "''"},
            kept=_MONEY,
            then="delete",
            hidden=("made_by", "taken_back_by", "after_payment_id"),
        ),
        Holding("plan_bills", mark("Bills paid in instalments"), _BILL, "stays", kept=_MONEY, then="delete"),
        Holding(
            "plan_instalments",
            mark("Instalments"),
            "t.plan_id in (select id from payment_plans p where p.account_id = any(:accounts))",
            "stays",
            kept=_MONEY,
            then="delete",
        ),
        Holding(
            "payment_plans",
            mark("Plans of instalments"),
            _ACCOUNT,
            "stays",
            kept=_MONEY,
            then="delete",
            hidden=("made_by",),
        ),
        Holding(
            "budget_plans",
            mark("Equal payments"),
            _ACCOUNT,
            "stays",
            kept=_MONEY,
            then="delete",
            hidden=("made_by", "ended_by"),
        ),
        Holding("deposits", mark("Deposits"), _ACCOUNT, "stays", kept=_MONEY),
        Holding(
            "hold_decisions",
            mark("Why bills were held"),
            "t.held_bill_id in (select id from held_bills h where h.account_id = any(:accounts))",
            "delete",
            hidden=("decided_by", "figures"),
        ),
        Holding(
            "held_bills",
            mark("Bills that were held"),
            _ACCOUNT,
            "delete",
            hidden=("released_by", "figures", "released_figures"),
        ),
        Holding("next_bills", mark("What the next bill may be"), _ACCOUNT, "delete", hidden=("basis",)),
        Holding("what_if_results", mark("What you would pay on other tariffs"), _ACCOUNT, "delete"),
        Holding(
            "forwarding_addresses",
            mark("Where the last bill goes"),
            _ACCOUNT,
            "delete",
            hidden=("told_by", "withdrawn_by"),
        ),
        Holding("tax_identities", mark("Your tax number"), "t.customer_id = any(:people)", "delete"),
        Holding(
            "credit_note_lines",
            mark("Lines of credit notes"),
            "t.credit_note_id in (select id from credit_notes n where n.account_id = any(:accounts))",
            "stays",
            kept="bills",
            then="delete",
            hidden=("agreement_id",),
        ),
        Holding("credit_notes", mark("Credit notes"), _ACCOUNT, "stays", kept="bills"),
        Holding(
            "corrections",
            mark("Corrections of bills"),
            _BILL,
            {"reason": "''"},
            kept="bills",
            hidden=("decided_by",),
        ),
        Holding("bill_traces", mark("How bills were reckoned"), _BILL, "stays", kept="bills", then="delete"),
        Holding(
            "net_credits", mark("Energy that counts for later"), _BILL, "stays", kept="bills", then="delete"
        ),
        Holding(
            "bill_fills",
            mark("What missing readings were taken for"),
            _BILL,
            "stays",
            kept="bills",
            then="delete",
        ),
        Holding(
            "bill_lines",
            mark("Lines of bills"),
            _BILL,
            "stays",
            kept="bills",
            then="delete",
            hidden=("agreement_id",),
        ),
        Holding("gathered_bills", mark("Bills on one invoice"), _BILL, "stays", kept="bills"),
        Holding(
            "invoices",
            mark("Invoices"),
            "t.customer_id = any(:people)",
            {"addressee": "t.addressee - 'name' - 'address' - 'tax_number'"},
            kept="bills",
            seals=("addressee",),
            then={"addressee": "'{}'"},
            hidden=("supplier_id", "entity", "series", "sequence", "follows"),
        ),
        Holding(
            "direct_debits",
            mark("Direct debits"),
            _ACCOUNT,
            "stays",
            kept=_MONEY,
            hidden=("collection_id", "mandate_id"),
        ),
        Holding(
            "mandates",
            mark("Leave to collect"),
            _ACCOUNT,
            {"name": "''", "iban": "''", "bic": "''"},
            kept=_MONEY,
            seals=("name", "iban", "bic"),
        ),
        Holding("allocations", mark("What payments paid for"), _ACCOUNT, "stays", kept=_MONEY),
        Holding("ledger_entries", mark("The ledger"), _ACCOUNT, "stays", kept=_MONEY),
        Holding(
            "suspense_items",
            mark("Payments that had to be looked for"),
            "t.payment_id in (select id from payments p where p.account_id = any(:accounts))",
            {"payer": "''", "payer_account": "''", "remittance": "''"},
            kept=_MONEY,
            seals=("payer", "payer_account", "remittance"),
            hidden=("decided_by",),
            masked=("payer", "payer_account"),
        ),
        Holding(
            "adjustments",
            mark("Fees, credits and write-offs"),
            _ACCOUNT,
            {"reason": "''"},
            kept=_MONEY,
            hidden=("made_by",),
            sweeps=("reason",),
        ),
        Holding(
            "payments",
            mark("Payments"),
            _ACCOUNT,
            "stays",
            kept=_MONEY,
            then={"reference": "'erased-' || t.id"},
        ),
        Holding("account_balances", mark("Balances"), _ACCOUNT, "stays", kept=_MONEY),
        Holding("bills", mark("Bills"), "t.id = any(:bills)", "stays", kept="bills"),
        Holding(
            "supply_changes",
            mark("Changes of supply"),
            _ACCOUNT,
            {"taken_back_because": "null"},
            kept="contracts",
            then="delete",
            hidden=("told_by", "taken_back_by"),
        ),
        Holding("agreements", mark("Contracts"), _ACCOUNT, "stays", kept="last", then="delete"),
    ),
    scopes=(
        Scope("bills", "select id from bills where account_id = any(:accounts)"),
        Scope(
            "answered_for",
            "select id from accounts where id = any(:accounts) or payer_id = any(:people)",
        ),
    ),
    waits=(
        Waits(
            "contract_open",
            """select count(*), coalesce(string_agg(distinct a.number, ', '), '') from agreements g
               join accounts a on a.id = g.account_id
               where g.account_id = any(:accounts) and (g.ends_before is null or g.ends_before > :today)""",
            mark("%(many)s contracts run: accounts %(which)s"),
        ),
        Waits(
            "not_billed_to_the_end",
            """select count(*), coalesce(string_agg(distinct a.number, ', '), '') from agreements g
               join accounts a on a.id = g.account_id
               where g.account_id = any(:answered_for) and g.ends_before <= :today
                 and g.ends_before > g.starts_on
                 and not exists (select from bills b where b.account_id = g.account_id
                                 and b.ends_before >= g.ends_before)""",
            mark("%(many)s contracts have no last bill yet: accounts %(which)s"),
        ),
        Waits(
            "money_open",
            """select count(*), coalesce(string_agg(a.number, ', '), '')
               from account_balances l join accounts a on a.id = l.account_id
               where l.account_id = any(:answered_for) and l.balance_minor <> 0""",
            mark("%(many)s accounts owe something or have something in their favour: %(which)s"),
        ),
        Waits(
            "pays_for_others",
            """select count(*), coalesce(string_agg(a.number, ', '), '') from accounts a
               where a.payer_id = any(:people) and a.customer_id <> all(:people) and a.closed_on is null
                 and exists (select from agreements g where g.account_id = a.id
                             and (g.ends_before is null or g.ends_before > :today))""",
            mark("They pay for %(many)s accounts of others: %(which)s"),
        ),
        Waits(
            "dispute_open",
            """select count(*), coalesce(string_agg(b.number, ', '), '') from disputes d
               join bills b on b.id = d.bill_id where d.account_id = any(:accounts) and d.state = 'open'""",
            mark("%(many)s disputes are open: bills %(which)s"),
        ),
        Waits(
            "debit_under_way",
            """select count(*), coalesce(string_agg(end_to_end_id, ', '), '') from direct_debits
               where account_id = any(:accounts) and state = 'sent'""",
            mark("%(many)s direct debits are under way: %(which)s"),
        ),
        Waits(
            "deposit_kept",
            """select count(*), coalesce(string_agg(reference, ', '), '') from deposits
               where account_id = any(:accounts) and returned_on is null""",
            mark("%(many)s deposits were not given back: %(which)s"),
        ),
    ),
    keepings=(
        Keeping(
            "bills",
            mark("Bills"),
            # Those that they were sent for accounts of others are theirs to be kept as well.
            """select greatest((select max(issued_on) from bills where id = any(:bills)),
                               (select max(issued_on) from invoices where customer_id = any(:people)))""",
        ),
        Keeping(
            "ledger",
            mark("Payments and the ledger"),
            "select max(posted_on) from ledger_entries where account_id = any(:accounts)",
        ),
    ),
    papers="billing.personal:papers",
    apart={
        "tariffs": _HOUSE,
        "tariff_history": _HOUSE,
        "price_series": _HOUSE,
        "price_imports": _HOUSE,
        "price_days": _HOUSE,
        "price_day_history": _HOUSE,
        "bill_runs": _HOUSE,
        "gate_rules": _HOUSE,
        "number_series": _HOUSE,
        "suppliers": _HOUSE,
        "creditors": _HOUSE,
        "what_ifs": _HOUSE,
        "dunning_strategies": _HOUSE,
        "deemed_terms": _HOUSE,
        "forecast_spreads": "spreads of a segment",
        "payment_files": "files of banks by name and digest",
        "collections": "messages to the bank, by number",
        "correction_looks": _HOUSE,
    },
)
