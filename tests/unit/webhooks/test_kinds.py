"""What is announced stands in a catalogue, with an example; and what stands there is announced."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from utility_crm.installed import modules
from utility_crm.kit.module import resolve
from utility_crm.webhooks.kinds import TEST, kinds

ROOT = Path(__file__).resolve().parents[3]
PERSONAL = re.compile(r"(^|_)(name|address|email|phone|text|subject|number_said|iban|birth)($|_)")


def announced() -> set[str]:
    """The kinds that calls of `announce` and `announce_all` name in so many words."""
    found = set()
    for package in ("utility_crm", "notifications", "meters", "billing", "churn"):
        for path in (ROOT / package).rglob("*.py"):
            if path.parent.name == "announcing":
                continue
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func) in ("announce", "announce_all"):
                    assert isinstance(node.args[1], ast.Constant), f"{path}: say the kind in words"
                    found.add(node.args[1].value)
    return found


def test_every_kind_is_announced_somewhere_and_nothing_else_is() -> None:
    assert announced() == set(kinds()) and TEST not in kinds()


def test_no_kind_stands_twice() -> None:
    every = [one.kind for module in modules() if module.announces for one in resolve(module.announces)]
    assert sorted(every) == sorted(set(every)) and len(every) > 5


def test_each_has_an_example_that_names_no_person() -> None:
    for one in kinds().values():
        assert re.fullmatch(r"[a-z_]+\.[a-z_]+", one.kind) and one.data and one.words, one.kind
        assert not [name for name in one.data if PERSONAL.search(name)], one.kind
