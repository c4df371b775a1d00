"""A small package that only tests install: two questions and a little of everything around them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from utility_crm.kit.module import Module
from utility_crm.kit.parts import (
    Answer,
    Banner,
    Cell,
    CustomerCall,
    CustomerRoom,
    Proof,
    Question,
    Sheet,
    SideSection,
    TimelineEntry,
    Todo,
)
from utility_crm.web.charts import HeatDay

EFFECTS = [
    ("Colder weather", 1618, "9.8 °C, was 14.1; fit R² 0.81"),
    ("Use beyond the cold", 905, "32.6 kWh, mostly 16 to 18 Oct"),
    ("Prices from 1 October", 519, "27.80 → 29.10 p"),
    ("One more day", 446, "31 days against 30"),
    ("September put right", -336, "41.3 kWh guessed, 29.2 read"),
]


def _why(call: CustomerCall) -> Sheet:
    months = [("Oct", 338), ("Nov", 454), ("Dec", 563), ("Jan", 602), ("Feb", 510), ("Mar", 433)]
    months += [("Apr", 324), ("May", 253), ("Jun", 216), ("Jul", 207), ("Aug", 212), ("Sep", 262)]
    days = [
        HeatDay(
            str(day),
            [
                None
                if day == 9 and slot > 40
                else (slot * slot * 7 + day * 31 * slot) % 850_000 + slot * 6000
                for slot in range(50 if day == 25 else 48)
            ],
            estimated=[day == 12] * (50 if day == 25 else 48),
            chosen=day == 17,
        )
        for day in range(1, 32)
    ]
    return Sheet(
        "sample/why.html",
        {
            "before": ("September", 9317, "30 days, 262.4 kWh"),
            "effects": EFFECTS,
            "after": ("October", 12469, "31 days, 361.9 kWh"),
            "months": [*months, ("Oct", 362), ("Nov", 266)],
            "days": days,
            "against": call.params.get("against", "September"),
        },
    )


def _broken(call: CustomerCall) -> Answer:
    call.session.execute(text("select no_such_column"))
    return Answer("never")


def _owe(_call: CustomerCall) -> Sheet:
    return Sheet("sample/owe.html", {})


def _timeline(call: CustomerCall) -> list[TimelineEntry]:
    start = datetime(2026, 11, 3, 6, 10, tzinfo=UTC)
    bills = [
        TimelineEntry(start - timedelta(days=30 * n), "Bills", "Bill issued, £124.69", href="#bill")
        for n in range(12)
    ]
    paid = [
        TimelineEntry(start - timedelta(days=30 * n - 9), "Payments", "Payment £50.00 by card")
        for n in range(1, 12)
    ]
    return bills + paid


WHY = Question("why", "Why is it different?", 10, lambda _c: Answer("+£31.52", "on September"), _why)
OWE = Question("owe", "What do I owe?", 20, lambda _c: Answer("£167.86", "£43.17 late", "bad"), _owe)
ROOM = CustomerRoom(
    questions=(WHY, OWE),
    cells=lambda _c: [
        Cell("Balance", "£167.86", order=10),
        Cell("Overdue", "£43.17", "28 days", "bad", 20),
        Cell("May leave", "31 %", "usual 10 %", "bad", 40),
    ],
    banners=lambda _c: [
        Banner("Planned outage here", "Tuesday 24 November, 09:00 to 12:00. SMS sent 17 Nov, not read.")
    ],
    todos=lambda _c: [Todo("£43.17 is late: offer a plan", "kept her last promise, in February", order=10)],
    sections=lambda _c: [
        SideSection(
            "May leave: 31 %, where 10 % is usual",
            (
                Todo("Bill up 34 % in a month", amount="+9 points", tone="bad"),
                Todo("Complaint unanswered for 9 days", amount="+8", tone="bad"),
            ),
        )
    ],
    timeline=_timeline,
)
BROKEN_ROOM = CustomerRoom(questions=(WHY, Question("owe", "What do I owe?", 20, _broken, _owe)))
PROVING_ROOM = CustomerRoom(
    questions=(WHY,),
    proofs=lambda _c: [
        Proof("last_bill", "amount of the last bill", ("4317",), "money"),
        Proof("word", "agreed word", ("rye",)),
        Proof("number", "number that rang", ("07700 900111",), "phone"),
    ],
    on_screen=lambda _c: ["+44 7700 900111"],
)
MODULE = Module(name="sample", customer="sample:ROOM")
BROKEN = Module(name="sample", customer="sample:BROKEN_ROOM")
