"""What must not stand anywhere in the source: code made from data, weak hashes, guessable randomness, trust
in any certificate, requests that follow redirects."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("utility_crm", "notifications", "meters", "billing", "churn")
SCRIPTS = sorted(
    path
    for package in PACKAGES
    for path in (ROOT / package).rglob("static/*.js")
    if "vendor" not in path.parts
)
UNPICKLES_ITS_OWN = {"meters/feeds/spool.py"}
"""A file without a name, written and read by one object of one process."""
JITTER = {
    "notifications/delivery/worker.py",
    "notifications/delivery/staff.py",
    "utility_crm/webhooks/lane.py",
}
"""How long a retry waits is no secret."""


@cache
def trees() -> tuple[tuple[str, ast.Module], ...]:
    files = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return tuple((str(path.relative_to(ROOT)), ast.parse(path.read_text("utf-8"))) for path in files)


@cache
def calls() -> tuple[tuple[str, str, ast.Call], ...]:
    """Every call: file, the words of what is called, the call."""
    return tuple(
        (where, ast.unparse(node.func), node)
        for where, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    )


def named(call: ast.Call, name: str) -> str | None:
    return next((ast.unparse(one.value) for one in call.keywords if one.arg == name), None)


def test_there_is_source_to_look_at() -> None:
    assert len(trees()) > 500 and len(SCRIPTS) > 4
    assert len(calls()) > 5000


def test_no_code_is_made_from_data() -> None:
    forbidden = re.compile(
        r"^(eval|exec|compile|__import__|os\.system|os\.popen|pickle\.loads?|marshal\.loads?|shelve\.open"
        r"|yaml\.load|subprocess\.getoutput|jsonpickle\.decode)$"
    )
    found = [(where, called) for where, called, _ in calls() if forbidden.match(called)]
    assert {where for where, _ in found} <= UNPICKLES_ITS_OWN, found


def test_programs_are_called_without_a_shell() -> None:
    found = [(where, named(call, "shell")) for where, _, call in calls() if named(call, "shell") is not None]
    assert found == []


def test_weak_hashes_are_not_used() -> None:
    weak = re.compile(r"(^|\.)(md5|sha1)$")
    assert [(where, called) for where, called, _ in calls() if weak.search(called)] == []
    named_so = [
        (where, ast.unparse(call)) for where, called, call in calls()
        if called == "hashlib.new" and not re.search("sha(256|512)", ast.unparse(call))
    ]  # fmt: skip
    assert named_so == []


def test_what_must_not_be_guessed_comes_from_the_system() -> None:
    drawn = {where for where, called, _ in calls() if re.match(r"random\.\w+$", called)}
    assert drawn <= JITTER
    uuids = [where for where, called, _ in calls() if re.search(r"uuid1$", called)]
    assert uuids == []


def test_certificates_are_always_checked() -> None:
    for where, called, call in calls():
        assert "_create_unverified_context" not in called and "_create_stdlib_context" not in called, where
        assert named(call, "cert_reqs") is None and named(call, "verify") != "False", where
        assert named(call, "check_hostname") is None, where
        if called.endswith(".starttls") and "smtp" in where:
            assert "create_default_context" in ast.unparse(call), where


def test_requests_follow_no_redirect_and_end_in_time() -> None:
    asked = [
        (where, call) for where, called, call in calls() if called.endswith(".request") and len(call.args) > 1
    ]
    pools = [(where, call) for where, called, call in calls() if called.split(".")[-1] == "PoolManager"]
    outside = [one for one in asked if "supervisor" not in one[0]]  # that asks our own process
    assert len(outside) >= 3 and len(pools) >= 3
    assert [where for where, call in outside if named(call, "redirect") != "False"] == []
    assert [where for where, call in pools if named(call, "timeout") is None] == []
    for where, tree in trees():
        imported = {
            one.name for node in ast.walk(tree) if isinstance(node, ast.Import) for one in node.names
        } | {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not imported & {"requests", "httpx", "urllib.request", "telnetlib", "ftplib"}, where


def test_templates_are_files_and_escape() -> None:
    """Text that people write is a template in one place, the notices: in a sandbox."""
    made = [
        (where, called) for where, called, _ in calls()
        if called.endswith((".from_string", "Environment", "Template"))
    ]  # fmt: skip
    assert {where for where, _ in made} <= {"utility_crm/web/templating.py", "notifications/writing.py"}
    marked = [
        (where, ast.unparse(call)) for where, called, call in calls()
        if called.endswith("Environment")
        and where.endswith("templating.py")
        and named(call, "autoescape") != "True"
    ]  # fmt: skip
    assert marked == []


def test_scripts_make_no_code_and_no_markup_of_text() -> None:
    dangerous = re.compile(
        r"\beval\(|new Function|document\.write|insertAdjacentHTML|outerHTML\s*=|postMessage"
        r"|setTimeout\(\s*[\"'`]"
    )
    put = re.compile(
        r"\.innerHTML\s*=(?!\s*await answer\.text\(\))"
    )  # our own server's fragment, as htmx has it
    for path in SCRIPTS:
        text = path.read_text("utf-8")
        assert not dangerous.search(text), path
        assert not put.search(text), path


RENDERED = {"sheet", "one.html"}
"""Parts of a page that templates of ours have made already."""


def test_templates_turn_escaping_off_nowhere() -> None:
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("templates/**/*.html")]
    assert len(files) > 60
    for path in files:
        text = path.read_text("utf-8")
        assert "autoescape false" not in text, path
        assert set(re.findall(r"([\w.]+)\s*\|\s*safe\b", text)) <= RENDERED, path
