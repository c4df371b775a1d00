"""`utility-crm users ...`"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from utility_crm.auth.actions import add_user, set_language, set_password
from utility_crm.auth.teams import (
    add_team,
    person_called,
    set_abilities,
    set_areas,
    set_teams,
    team_rows,
)
from utility_crm.kit.commands import AsJson, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.runtime import database
from utility_crm.kit.settings import settings

app = typer.Typer(help="People who sign in.", no_args_is_help=True)


@app.callback()
def users() -> None:
    """People who sign in."""


Password = Annotated[
    str, typer.Option(envvar="UTILITY_CRM_NEW_PASSWORD", help="asked for at a terminal if absent")
]
PasswordFrom = Annotated[
    Path | None,
    typer.Option(help="a file with the password as its first line; - is standard input", allow_dash=True),
]


def password_of(given: str, source: Path | None) -> str:
    """The password given, of a file, or asked for, which needs a terminal. A usage error otherwise."""
    hint = "--password"
    if given and source is not None:
        raise typer.BadParameter("give it once: --password or --password-from", param_hint=hint)
    if given:
        return given
    if source is None:
        if not sys.stdin.isatty():
            words = (
                "there is no terminal to ask for it at; pipe it in with --password-from -, "
                "or set UTILITY_CRM_NEW_PASSWORD"
            )
            raise typer.BadParameter(words, param_hint=hint)
        return str(typer.prompt("Password", hide_input=True))
    try:
        text = sys.stdin.read() if str(source) == "-" else source.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"cannot read {source}", param_hint="--password-from") from error
    if not (line := text.partition("\n")[0].rstrip("\r")):
        raise typer.BadParameter(f"the first line of {source} is empty", param_hint="--password-from")
    return line


@app.command("add")
def add(
    login: str,
    role: Annotated[str, typer.Option(help="agent, supervisor, marketer, ops or admin")],
    password: Password = "",
    password_from: PasswordFrom = None,
    name: Annotated[str, typer.Option(help="shown on the pages; the login by default")] = "",
    language: Annotated[
        str, typer.Option(help="of their pages; the utility's by default", metavar="en|ru")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Add a person who may sign in."""
    secret = password_of(password, password_from)
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            spoken = language or settings().language
            add_user(session, login=login, name=name or login, role=role, password=secret, language=spoken)
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
def password(
    login: str, password: Password = "", password_from: PasswordFrom = None, as_json: AsJson = False
) -> None:
    """Give a person a new password; every older sign-in of theirs ends."""
    secret = password_of(password, password_from)
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            set_password(session, login, secret)
        emit({"login": login}, as_json, lambda: f"{login} has a new password.")


@app.command("areas")
def areas(
    login: str,
    codes: Annotated[
        list[str] | None, typer.Argument(help="of network areas; none: all", metavar="CODE...")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Let a person see the customers of some network areas only; without any, of all."""
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            seen = set_areas(session, login, codes or [])
        told = f"{login} sees the customers of {', '.join(seen) if seen else 'every area'}."
        emit({"login": login, "areas": seen}, as_json, lambda: told)


@app.command("teams")
def teams(
    login: str,
    names: Annotated[list[str] | None, typer.Argument(help="none: no team", metavar="TEAM...")] = None,
    leads: Annotated[list[str] | None, typer.Option(help="a team they lead; may be repeated")] = None,
    as_json: AsJson = False,
) -> None:
    """Put a person into these teams and no others."""
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            mine = set_teams(session, login, names or [], leads=leads or [])
        told = f"{login} is in {', '.join(mine) if mine else 'no team'}."
        emit({"login": login, "teams": mine, "leads": leads or []}, as_json, lambda: told)


@app.command("can")
def can(
    login: str,
    skill: Annotated[list[str] | None, typer.Option(help="may be repeated; replaces those of before")] = None,
    speaks: Annotated[list[str] | None, typer.Option(help="a language, as en; may be repeated")] = None,
    extension: Annotated[str | None, typer.Option(help="of the telephone on their desk; empty: none")] = None,
    as_json: AsJson = False,
) -> None:
    """Say what a person can, which languages they speak to customers, and which telephone is theirs."""
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            set_abilities(session, login, skills=skill, languages=speaks, extension=extension)
            found = person_called(session, login)
            told = {
                "login": found.login, "skills": found.skills, "languages": found.languages,
                "extension": found.extension,
            }  # fmt: skip
        emit(told, as_json, lambda: f"Kept what is said of {login}.")


@app.command("make-team")
def make_team(
    name: str,
    sees_all: Annotated[bool, typer.Option("--sees-all", help="its people see every team's tickets")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a team."""
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            number = add_team(session, name, sees_all_tickets=sees_all)
        emit(
            {"team": name, "id": number, "sees_all_tickets": sees_all}, as_json, lambda: f"Made team {name}."
        )


@app.command("list-teams")
def list_teams(as_json: AsJson = False) -> None:
    """List the teams and their people."""
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            found = team_rows(session)
        emit(
            {"teams": found}, as_json,
            lambda: "\n".join(f"{one['team']}: {', '.join(one['people']) or 'nobody'}" for one in found)
            or "There is no team.",
        )  # fmt: skip
