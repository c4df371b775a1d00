"""A thousand bills as PDF/A-2b, from the database to whole files in a folder.

The bar is the promise, a thousand in a minute by the wall; a machine that does other work besides may miss
it, which the seconds of processor beside it tell. Next to them stands what the typesetter itself takes for
as many almost empty pages, the least that any document must take.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import typst
from sqlalchemy import Engine

from bench.bill_base import MONTH, NOW, TODAY, bill_base
from bench.databases import migrated_database
from bench.measurement import Measurement
from billing.documents import bill_facts, paper_of, pdf_of
from billing.documents.making import bills_of_period, make_documents
from billing.documents.typesetting import STANDARD
from billing.runs import issue_bills
from utility_crm.installed import load_tables
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.paper import FONTS

BILLS, ROUNDS = 1_000, 3
BUDGET_SECONDS = 60.0


def measurements() -> Iterator[Measurement]:
    """Seconds by the wall, and of processor, for a thousand."""
    load_tables()
    with migrated_database() as engine:
        bill_base(engine, BILLS + BILLS // 50)
        issue_bills(engine, MONTH, today=TODAY, now=NOW)
        with unit_of_work(engine) as session:
            found = bills_of_period(session, MONTH)[:BILLS]
        assert len(found) == BILLS
        _tell_parts(engine, [bill for bill, _ in found[:100]])
        ours, empty = [], []
        for _ in range(ROUNDS):
            ours.append(_timed(lambda: _made(engine, found)))
            empty.append(_timed(_empty_pages))
    wall, worked = (statistics.median(one[place] for one in ours) for place in (0, 1))
    least = statistics.median(one[1] for one in empty)
    yield Measurement(f"{BILLS:,} bills as PDF/A, s (wall), to a minute", wall, BUDGET_SECONDS, "lower", 1.0)
    yield Measurement(f"{BILLS:,} bills as PDF/A, s (CPU), to a minute", worked, BUDGET_SECONDS, "lower", 1.0)
    words = f"{BILLS:,} bills as PDF/A, s (CPU), to as many almost empty pages"
    yield Measurement(words, worked, least, "lower", 40.0)


def _timed(act: Callable[[], object]) -> tuple[float, float]:
    started, worked = time.perf_counter(), time.process_time()
    act()
    return time.perf_counter() - started, time.process_time() - worked


def _made(engine: Engine, found: Sequence[tuple[int, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        done = make_documents(engine, found, Path(folder))
        assert done.made == BILLS


def _empty_pages() -> None:
    """A page with one line of its own, in the same font and standard."""
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])
    compiler = typst.Compiler(font_paths=fonts, ignore_system_fonts=True)
    for place in range(BILLS):
        page = f'#set page(paper: "a4")\n#set text(font: "Source Sans Pro")\nBill {place}'
        assert compiler.compile(page.encode(), format="pdf", pdf_standards=STANDARD)


def _tell_parts(engine: Engine, ids: Sequence[int]) -> None:
    """Where a bill's time goes, on standard error."""
    with unit_of_work(engine) as session:
        started = time.process_time()
        facts = bill_facts(session, ids)
    read = time.process_time() - started
    papers = [paper_of(one) for one in facts]
    worded = time.process_time() - started - read
    sizes = [len(pdf_of(paper)) for paper in papers]
    typeset = time.process_time() - started - read - worded
    parts = (("read", read), ("worded", worded), ("set", typeset))
    told = ", ".join(f"{name} {1000 * spent / len(ids):.1f}" for name, spent in parts)
    size = statistics.median(sizes) / 1000
    print(f"a bill, ms of processor: {told}; {size:.0f} kB", file=sys.stderr, flush=True)
