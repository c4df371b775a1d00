"""`utility-crm tokens ...`"""

from __future__ import annotations

from typing import Annotated

import typer

from utility_crm.auth.tokens import SCOPES, make_token, revoke_token, token_rows
from utility_crm.kit.clock import utc_now
from utility_crm.kit.commands import AsJson, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.runtime import database

app = typer.Typer(help="Tokens of machines: what they may ask and send, by scope.", no_args_is_help=True)


@app.callback()
def tokens() -> None:
    """Tokens of machines: what they may ask and send, by scope."""


Scopes = Annotated[list[str], typer.Option("--scope", help=f"What it may do: {', '.join(SCOPES)}.")]
Days = Annotated[
    int | None, typer.Option("--expires", min=1, help="Days it is valid; until revoked if absent.")
]


@app.command("add")
def add(name: str, scope: Scopes, expires: Days = None, as_json: AsJson = False) -> None:
    """Make a token, and show it this once."""
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            made = make_token(session, name, scope, utc_now(), days=expires)
        until = made.expires_at.isoformat() if made.expires_at else None
        document = {"name": made.name, "token": made.token, "scopes": list(made.scopes), "expires_at": until}
        words = f"{made.token}\n{made.name} may {', '.join(made.scopes)}. The token is not shown again."
        emit(document, as_json, lambda: words)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """Tokens by name, with their state; what they are is not kept."""
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            rows = token_rows(session)
        now = utc_now()
        document = {
            "tokens": [
                {
                    "name": row.name,
                    "prefix": row.prefix,
                    "scopes": list(row.scopes),
                    "state": row.state(now),
                    "created_at": row.created_at.isoformat(),
                    "expires_at": row.expires_at.isoformat() if row.expires_at else None,
                    "last_used_at": row.last_used_at.isoformat() if row.last_used_at else None,
                }
                for row in rows
            ]
        }
        lines = [
            f"{row.prefix}…  {row.state(now):8} {row.name}  ({', '.join(row.scopes)})"
            + (f", last used {row.last_used_at:%Y-%m-%d %H:%M} UTC" if row.last_used_at else ", never used")
            for row in rows
        ]
        emit(document, as_json, lambda: "\n".join(lines) or "There are no tokens.")


@app.command("revoke")
def revoke(name: str, as_json: AsJson = False) -> None:
    """Withdraw a token, at once and for good."""
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            revoke_token(session, name, utc_now())
        emit({"name": name, "state": "revoked"}, as_json, lambda: f"{name} is revoked.")
