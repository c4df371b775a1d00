"""The group itself."""

from __future__ import annotations

import typer

app = typer.Typer(name="churn", help="Who may leave, and why.", no_args_is_help=True)


@app.callback()
def churn() -> None:
    """Who may leave, and why."""
