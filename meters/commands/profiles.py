"""`meters profiles`."""

from __future__ import annotations

from typing import Annotated

import typer
from sqlalchemy import Engine

from meters.asking import Asked
from meters.commands.app import app
from meters.commands.options import Columns, FormatName, Sheet, Timezone, told
from meters.profiles import SavedProfile, asked_with, profiles, remove_profile, save_profile
from utility_crm.kit.commands import AsJson, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.runtime import database

group = typer.Typer(help="How files are to be read, saved under names.", no_args_is_help=True)
app.add_typer(group, name="profiles")

Name = Annotated[str, typer.Argument(help="What it is called.", metavar="NAME")]


def with_profile(engine: Engine, profile: str, how: Asked) -> Asked:
    """How files are to be read by a profile (empty: none) and by the options above it. Raises NotFound."""
    with unit_of_work(engine) as session:
        return asked_with(session, profile, how)


@group.callback()
def saved() -> None:
    """How files are to be read, saved under names."""


@group.command("add")
def add(
    name: Name,
    format_name: FormatName = "auto",
    columns: Columns = "",
    timezone: Timezone = "",
    sheet: Sheet = "",
    replace: Annotated[bool, typer.Option("--replace", help="Change the one of this name.")] = False,
    as_json: AsJson = False,
) -> None:
    """Save how files are to be read. What was taken before stays as it was read."""
    how = told(format_name, columns, timezone, sheet)
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            save_profile(session, name, how, replace=replace)
        emit({"profile": name}, as_json, lambda: f"Saved as {name}; say --profile {name!r}.")


@group.command("list")
def list_(as_json: AsJson = False) -> None:
    """The profiles there are."""
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            found = profiles(session)
        document = {"profiles": [each.document() for each in found]}
        emit(document, as_json, lambda: "\n".join(map(_line, found)) or "None is saved yet.")


@group.command("remove")
def remove(name: Name, as_json: AsJson = False) -> None:
    """Forget a profile. What was taken by it stays."""
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            remove_profile(session, name)
        emit({"removed": name}, as_json, lambda: f"Removed {name}.")


def _line(profile: SavedProfile) -> str:
    return f"{profile.name}: {profile.words}"
