"""`utility-crm meters ...`: the group that every command of this folder joins."""

from __future__ import annotations

import typer

app = typer.Typer(name="meters", help="Meter feeds and readings.", no_args_is_help=True)


@app.callback()
def meters() -> None:
    """Meter feeds and readings."""
