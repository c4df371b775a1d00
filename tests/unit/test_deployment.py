"""Every command, setting, port and file that docker-compose.yml, Dockerfile and Makefile name exists."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from typer.core import TyperGroup

from utility_crm.cli import build
from utility_crm.kit.settings import Settings
from utility_crm.kit.supervisor import COMMANDS
from utility_crm.web.health import router

UsageError = typer.BadParameter.__mro__[1]
ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OWN = {name: service for name, service in SERVICES.items() if "command" in service}
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")


def _instructions(name: str) -> list[str]:
    return [
        line.removeprefix(name).strip() for line in DOCKERFILE.splitlines() if line.startswith(f"{name} ")
    ]


def _parse(words: list[str]) -> dict[str, Any]:
    """The values a command line gives to its command; fails where either does not exist."""
    command: Any = typer.main.get_command(build())
    context = command.context_class(command, info_name=words[0])
    rest = words[1:]
    while isinstance(command, TyperGroup):
        _, command, rest = command.resolve_command(context, rest)
    given: dict[str, Any] = command.make_context(command.name, list(rest), parent=context).params
    return given


def _environment(service: dict[str, Any]) -> dict[str, str]:
    given: dict[str, str] = service.get("environment", {})
    return given


def test_the_parser_of_these_tests_refuses_what_is_not_there() -> None:
    with pytest.raises(UsageError):
        _parse(["utility-crm", "serv"])
    with pytest.raises(UsageError):
        _parse(["utility-crm", "serve", "--prot", "8000"])


@pytest.mark.parametrize("name", OWN)
def test_every_service_runs_a_command_that_exists(name: str) -> None:
    command = OWN[name]["command"]
    assert command[0] == "utility-crm"
    _parse(command)


def test_the_image_and_the_supervisor_run_commands_that_exist() -> None:
    _parse(json.loads(_instructions("CMD")[0]))
    for command in COMMANDS:
        assert importlib.util.find_spec(command.module) is not None
        _parse(["utility-crm", *(word.format(fd=3) for word in command.arguments)])


def test_the_makefile_runs_commands_that_exist() -> None:
    recipes = (ROOT / "Makefile").read_text(encoding="utf-8").replace("$(PORT)", "8000")
    lines = re.findall(r"-m utility_crm (.*)", recipes)
    assert lines
    for line in lines:
        _parse(["utility-crm", *shlex.split(line)])
    for script in re.findall(r"sh (scripts/\S+)", recipes):
        assert (ROOT / script).is_file()


def test_every_setting_exists() -> None:
    named = {name for service in SERVICES.values() for name in _environment(service)}
    named |= {name for line in _instructions("ENV") for name in re.findall(r"(\w+)=", line)}
    ours = {name for name in named if name.startswith("UTILITY_CRM_")}
    assert {"UTILITY_CRM_DATABASE_URL", "UTILITY_CRM_SECRET_KEY", "UTILITY_CRM_HOME"} <= ours
    known = {f"UTILITY_CRM_{field.upper()}" for field in Settings.model_fields}
    assert ours <= known, f"no such settings: {sorted(ours - known)}"


def test_every_service_of_ours_is_given_all_settings_of_the_file_of_settings() -> None:
    assert OWN
    for service in OWN.values():
        assert service["env_file"] == [{"path": ".env", "required": False}]
    for ignored in (".gitignore", ".dockerignore"):
        assert ".env" in (ROOT / ignored).read_text(encoding="utf-8").replace("/", "").split()


def test_the_web_ports_agree() -> None:
    served = _parse(SERVICES["web"]["command"])["port"]
    assert [str(served)] == _instructions("EXPOSE")
    assert served == _parse(json.loads(_instructions("CMD")[0]))["port"]
    published = SERVICES["web"]["ports"]
    assert [port.rsplit(":", 1)[1] for port in published] == [str(served)]
    assert all(port.startswith("127.0.0.1:") for port in published)
    assert served == Settings.model_fields["port"].default


def test_the_database_is_a_pinned_timescaledb_on_postgresql_18_that_the_others_reach() -> None:
    database = SERVICES["database"]
    assert re.fullmatch(r"timescale/timescaledb:\d+\.\d+\.\d+-pg18", database["image"])
    given = _environment(database)
    for name in OWN:
        url = _environment(OWN[name])["UTILITY_CRM_DATABASE_URL"]
        user, name_ = given["POSTGRES_USER"], given["POSTGRES_DB"]
        assert re.fullmatch(rf"postgresql://{user}:\$\{{POSTGRES_PASSWORD:.*\}}@database:5432/{name_}", url)
    check = database["healthcheck"]["test"]
    assert check[check.index("-p") + 1] == "5432"
    assert check[check.index("-U") + 1] == given["POSTGRES_USER"]


def test_everything_that_stays_up_has_a_health_check_that_exists() -> None:
    staying = {name: service for name, service in SERVICES.items() if service.get("restart") != "no"}
    assert set(staying) == {"database", "web", "clock", "delivery"}
    assert all(service["healthcheck"]["test"][0] == "CMD" for service in staying.values())
    port, path = re.search(r"127\.0\.0\.1:(\d+)(/\w+)", staying["web"]["healthcheck"]["test"][-1]).groups()  # type: ignore[union-attr]
    assert int(port) == _parse(SERVICES["web"]["command"])["port"]
    assert path in {getattr(route, "path", "") for route in router.routes}
    for name in ("clock", "delivery"):
        *program, module, beating = staying[name]["healthcheck"]["test"][1:]
        assert program == ["python", "-m"]
        assert importlib.util.find_spec(module) is not None
        assert beating in SERVICES[name]["command"]


def test_the_image_runs_as_a_plain_user_and_copies_what_exists() -> None:
    user = _instructions("USER")[-1]
    assert user not in ("root", "0")
    assert any(f" {user}" in line and "--uid 10001" in line for line in _instructions("RUN"))
    sources = [source for line in _instructions("COPY") for source in line.split()[:-1]]
    assert {"utility_crm", "notifications", "meters", "billing", "churn"} <= set(sources)
    for source in sources:
        assert (ROOT / source).exists(), f"{source} is copied into the image but does not exist"
