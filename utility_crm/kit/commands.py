"""How every command speaks: one JSON document on standard output with `--json`, logs on standard error,
exit 0 (done), 1 (something refused, held or partial; or it cannot go on), 2 (usage)."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy.exc import OperationalError

from utility_crm.kit.errors import CareError, Refused

AsJson = Annotated[bool, typer.Option("--json", help="one JSON document on standard output")]


def emit(document: Mapping[str, Any], as_json: bool, words: Callable[[], str]) -> None:
    """Print the document, or with `as_json` false the words for a person."""
    sys.stdout.write((json.dumps(document, ensure_ascii=False) if as_json else words()) + "\n")


@contextmanager
def speaking(as_json: bool) -> Iterator[None]:
    """Around a command's body: an error of a known kind is printed in its promised shape and exits 1."""
    try:
        yield
    except CareError as error:
        _complain(error, as_json)
        raise typer.Exit(1) from error
    except OperationalError as error:
        said = str(error.orig).splitlines()[0]
        _complain(Refused("database_unreachable", f"The database does not answer: {said}"), as_json)
        raise typer.Exit(1) from error


def _complain(error: CareError, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(error.document(), ensure_ascii=False) + "\n")
    else:
        place = f" ({error.where})" if error.where else ""
        sys.stderr.write(f"{error.message}{place} [{error.code}]\n")


def check_paths(paths: Sequence[Path], as_json: bool) -> None:
    """Exit 2 before anything is read if a path is no file."""
    for path in paths:
        if path.is_file():
            continue
        message = "This is not a file." if path.exists() else "There is no such file."
        if as_json:
            document = {"error": {"code": "no_such_path", "message": message, "where": str(path)}}
            sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
        else:
            sys.stderr.write(f"{path}: {message}\n")
        raise typer.Exit(2)
