"""`python -m bench [WORD...]`: runs the measurements whose module's name holds one of the words, else all.

Prints the table, writes build/bench.json, and exits 1 if a bar was missed.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path

import bench
from bench.measurement import Measurement, Skipped, as_json, table

_RESULTS = Path(__file__).resolve().parents[1] / "build" / "bench.json"


def main(words: list[str]) -> int:
    """Measures, tells, and returns the exit status."""
    measured: list[Measurement] = []
    for found in pkgutil.iter_modules(bench.__path__):
        chosen = not words or any(word in found.name for word in words)
        if found.name.startswith("measure_") and chosen:
            print(f"measuring {found.name.removeprefix('measure_')}", file=sys.stderr, flush=True)
            try:
                for each in importlib.import_module(f"bench.{found.name}").measurements():
                    measured.append(each)
            except Skipped as reason:
                print(f"skipped: {reason}", file=sys.stderr, flush=True)
    _RESULTS.parent.mkdir(exist_ok=True)
    _RESULTS.write_text(as_json(measured), encoding="utf-8")
    print(table(measured))
    return 0 if all(each.ok for each in measured) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
