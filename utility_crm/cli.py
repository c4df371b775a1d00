"""The command line: the ground's own commands, and those of every installed package under its name."""

from __future__ import annotations

import sys
from typing import NoReturn

import typer
from pydantic import ValidationError

from utility_crm.commands import customers, network, running, tokens, users
from utility_crm.installed import modules
from utility_crm.kit.commands import SpeakingGroup, print_document
from utility_crm.kit.errors import CareError
from utility_crm.kit.log_lines import log_to_stderr
from utility_crm.kit.module import resolve
from utility_crm.kit.settings import settings


def build(named: str | None = None) -> typer.Typer:
    """The command line; where `named` is a package's name, with that package's commands alone.

    A command that needs neither frames nor models thus starts without importing them.
    """
    app = typer.Typer(
        name="utility-crm",
        cls=SpeakingGroup,
        help="Customer care for an energy supplier.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    own = (running.up, running.serve, running.clock, running.deliver, running.migrate)
    for command in own:
        app.command()(command)
    app.add_typer(customers.app, name="customers")
    app.add_typer(users.app, name="users")
    app.add_typer(network.app, name="network")
    app.add_typer(tokens.app, name="tokens")
    with_commands = {module.called: module.commands for module in modules() if module.commands}
    with_commands |= dict(group for module in modules() for group in module.on_top)
    if named in {command.__name__ for command in own} | {"customers", "users", "network", "tokens"}:
        return app
    for name in [named] if named in with_commands else with_commands:
        app.add_typer(resolve(with_commands[name]), name=name)
    return app


def main() -> None:
    """Entry point of `utility-crm` and `python -m utility_crm`."""
    try:
        level = settings().log_level
    except ValidationError as error:
        _refuse_settings(error, "--json" in sys.argv)
    log_to_stderr(level)
    build(next((word for word in sys.argv[1:] if not word.startswith("-")), None))()


def _refuse_settings(error: ValidationError, as_json: bool) -> NoReturn:
    """Says which variables of the environment are wrong, and exits 2."""
    names, lines = [], []
    for wrong in error.errors():
        names.append(f"UTILITY_CRM_{wrong['loc'][0]}".upper())
        lines.append(f"{names[-1]}={wrong['input']}: {wrong['msg'].removeprefix('Value error, ')}")
    if as_json:
        print_document(CareError("settings", "; ".join(lines), ", ".join(names)).document())
    else:
        sys.stderr.write("\n".join(lines) + "\n")
    sys.exit(2)
