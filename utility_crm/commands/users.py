"""`utility-crm users ...`"""

from __future__ import annotations

from typing import Annotated

import typer

from utility_crm.auth.actions import add_user, set_language, set_password
from utility_crm.kit.commands import AsJson, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.runtime import database
from utility_crm.kit.settings import settings

app = typer.Typer(help="People who sign in.", no_args_is_help=True)


@app.callback()
def users() -> None:
    """People who sign in."""


Password = Annotated[
    str,
    typer.Option(prompt=True, hide_input=True, envvar="UTILITY_CRM_NEW_PASSWORD", help="asked for if absent"),
]


@app.command("add")
def add(
    login: str,
    role: Annotated[str, typer.Option(help="agent, marketer, ops or admin")],
    password: Password,
    name: Annotated[str, typer.Option(help="shown on the pages; the login by default")] = "",
    language: Annotated[
        str, typer.Option(help="of their pages; the utility's by default", metavar="en|ru")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Add a person who may sign in."""
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            spoken = language or settings().language
            add_user(session, login=login, name=name or login, role=role, password=password, language=spoken)
        emit({"login": login, "role": role}, as_json, lambda: f"{login} may sign in as {role}.")


@app.command("language")
def language(login: str, language: str, as_json: AsJson = False) -> None:
    """Choose the language of a person's pages: en or ru."""
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            set_language(session, login, language)
        emit(
            {"login": login, "language": language}, as_json, lambda: f"{login} reads {language} from now on."
        )


@app.command("password")
def password(login: str, password: Password, as_json: AsJson = False) -> None:
    """Give a person a new password; every older sign-in of theirs ends."""
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            set_password(session, login, password)
        emit({"login": login}, as_json, lambda: f"{login} has a new password.")
