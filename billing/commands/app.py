"""The group that the others hang their commands on."""

from __future__ import annotations

import typer

from utility_crm.kit.commands import SpeakingGroup

app = typer.Typer(
    name="billing", help="Tariffs, bills and why they differ.", no_args_is_help=True, cls=SpeakingGroup
)


@app.callback()
def billing() -> None:
    """Tariffs, bills and why they differ."""
