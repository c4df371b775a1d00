"""Static files: hashed addresses, vendored files as they were released, no colour anybody cannot read."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.web.conftest import MakeClient
from utility_crm.web.static_files import FOLDER, static_url

ROOT = Path(__file__).resolve().parents[2]
VENDORED = sorted((FOLDER / "vendor").iterdir())


def test_hashed_addresses_are_kept_for_ever(make_client: MakeClient) -> None:
    client = make_client(installed=[])
    address = static_url("shell.css")
    assert client.get(address).headers["cache-control"] == "public, max-age=31536000, immutable"
    assert client.get("/static/shell.css").headers["cache-control"] == "no-cache"
    assert client.get("/static/shell.css?v=old").headers["cache-control"] == "no-cache"
    assert client.get("/static/../app.py").status_code == 404


@pytest.mark.parametrize("folder", VENDORED, ids=lambda folder: folder.name)
def test_vendored_files_are_as_released(folder: Path) -> None:
    assert re.fullmatch(r"[a-z.-]+-\d+\.\d+\.\d+", folder.name)
    sums = dict(reversed(line.split(maxsplit=1)) for line in (folder / "SHA256SUMS").read_text().splitlines())
    files = {path.name for path in folder.iterdir()} - {"SHA256SUMS"}
    assert "LICENSE" in files and set(sums) == files
    for name, digest in sums.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def test_every_file_named_by_a_page_exists_and_is_served(make_client: MakeClient) -> None:
    client = make_client(installed=[])
    page = client.get("/sign-in").text
    named = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    assert len(named) >= 5
    for address in named:
        assert client.get(address).status_code == 200


def test_no_template_has_inline_style_or_script() -> None:
    found = []
    for path in ROOT.glob("*/**/templates/**/*.html"):
        if "tests" in path.parts or ".venv" in path.parts:
            continue
        text = path.read_text()
        if re.search(r"\sstyle=|<style|\son[a-z]+=|<script(?![^>]*\ssrc=)|hx-on", text):
            found.append(str(path))
    assert not found


def test_the_web_process_imports_neither_frames_nor_models() -> None:
    code = (
        "import sys, json; from sqlalchemy import create_engine; from utility_crm.app import create_app;"
        "create_app(create_engine('postgresql+psycopg://x@127.0.0.1:1/x'), secret='s');"
        "print(json.dumps([m for m in ('pandas', 'sklearn', 'scipy', 'demandlib') if m in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


# Contrast ---------------------------------------------------------------------------------------------------


def palettes() -> dict[str, dict[str, str]]:
    """The colours of the tokens by theme; both ways into the dark one must name the same colours."""
    text = (FOLDER / "tokens.css").read_text()
    blocks = re.findall(r"(:root[^{]*)\{([^}]*)\}", text)
    found: dict[str, dict[str, str]] = {}
    for selector, body in blocks:
        colours = dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6});", body))
        if colours:
            found[selector.strip()] = colours
    light = found[":root"]
    chosen, preferred = found[":root[data-theme=dark]"], found[":root:not([data-theme=light])"]
    assert chosen == preferred
    return {"light": light, "dark": light | chosen}


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


GROUNDS = ("paper", "sheet", "sunk", "lift")
TEXT = [(ink, ground) for ink in ("ink", "ink-2", "ink-3", "accent") for ground in GROUNDS]
TEXT += [("ink", wash) for wash in ("accent-wash", "good-wash", "warn-wash", "bad-wash")]
TEXT += [("ink-2", wash) for wash in ("accent-wash", "good-wash", "warn-wash", "bad-wash")]
TEXT += [("good", "good-wash"), ("warn", "warn-wash"), ("bad", "bad-wash"), ("accent", "accent-wash")]
TEXT += [(tone, ground) for tone in ("good", "warn", "bad", "more", "less") for ground in ("paper", "sheet")]
TEXT += [("on-accent", "accent"), ("on-accent", "accent-2"), ("on-bad", "bad"), ("paper", "ink")]
TEXT += [("ink", "l0"), ("ink", "l1"), ("on-l2", "l2"), ("on-l3", "l3"), ("on-l4", "l4")]
GRAPHICS = [(shape, ground) for shape in ("focus", "rule-2", "post") for ground in ("paper", "sheet")]
GRAPHICS += [(f"s{n}", "sheet") for n in range(1, 6)] + [("more", "sheet"), ("less", "sheet")]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_and_graphics_can_be_read(theme: str) -> None:
    colours = palettes()[theme]
    low = [
        f"{front} on {back}: {contrast(colours[front], colours[back]):.2f} < {least}"
        for pairs, least in ((TEXT, 4.5), (GRAPHICS, 3.0))
        for front, back in pairs
        if contrast(colours[front], colours[back]) < least
    ]
    assert not low


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_ramp_of_use_rises_step_by_step(theme: str) -> None:
    colours = palettes()[theme]
    steps = [luminance(colours[f"h{n}"]) for n in range(7)]
    assert steps == sorted(steps, reverse=theme == "light")


def test_the_stylesheets_name_only_known_tokens() -> None:
    known = set(re.findall(r"--([\w-]+):", "".join(path.read_text() for path in FOLDER.glob("*.css"))))
    used = set(re.findall(r"var\(--([\w-]+)", "".join(path.read_text() for path in FOLDER.glob("*.css"))))
    assert used <= known
