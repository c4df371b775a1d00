"""How every command speaks: one JSON document on standard output with `--json`, logs on standard error,
exit 0 (done), 1 (something refused, held or partial; or it cannot go on), 2 (usage). Of a usage error too,
`--json` makes one document: `{"error": {"code": "usage", "message", "where"}}`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy.exc import OperationalError
from typer.core import TyperGroup

from utility_crm.kit.errors import MET, CareError, Conflict, Refused, have_met

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
        _complain(_of_the_database(error), as_json)
        raise typer.Exit(1) from error


def _of_the_database(error: OperationalError) -> CareError:
    """Whether it is away, or somebody else was at the same rows at the same moment."""
    if have_met(error):
        return Conflict(MET, "Somebody else was at it at the same moment. Nothing was done: run it again.")
    said = str(error.orig).splitlines()[0]
    return Refused("database_unreachable", f"The database does not answer: {said}")


class SpeakingGroup(TyperGroup):
    """The outermost group of a command line: with `--json` a usage error is one document on standard output.

    Where the words themselves are wrong, nothing can say which of them were meant as an option; a `--json`
    anywhere among them asks for the document.
    """

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """As typer's own, but for the words of a usage error."""
        given = sys.argv[1:] if args is None else list(args)
        if not standalone_mode or "--json" not in given:
            return super().main(args, prog_name, complete_var, standalone_mode, windows_expand_args, **extra)
        try:
            status = super().main(given, prog_name, complete_var, False, windows_expand_args, **extra)
        except typer.TyperException as error:
            print_document(_usage_document(error))
            sys.exit(2)
        except typer.Abort:
            sys.exit(1)
        sys.exit(status if isinstance(status, int) else 0)


def _usage_document(error: typer.TyperException) -> dict[str, Any]:
    """What was wrong in the words, and which of them."""
    wrong = getattr(error, "param_hint", None)
    if wrong is None and (parameter := getattr(error, "param", None)) is not None:
        wrong = parameter.get_error_hint()
    wrong = wrong or getattr(error, "option_name", None)
    where = ", ".join(wrong) if isinstance(wrong, list | tuple) else wrong and wrong.replace("'", "")
    words = getattr(error, "format_message", error.__str__)()
    return CareError("usage", words, where).document()


def print_document(document: Mapping[str, Any]) -> None:
    """One line of JSON on standard output."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")


def _complain(error: CareError, as_json: bool) -> None:
    if as_json:
        print_document(error.document())
    else:
        place = f" ({error.where})" if error.where and error.where not in error.message else ""
        sys.stderr.write(f"{error.message}{place} [{error.code}]\n")


def check_paths(paths: Sequence[Path], as_json: bool) -> None:
    """Exit 2 before anything is read if a path is no file."""
    for path in paths:
        if path.is_file():
            continue
        message = "This is not a file." if path.exists() else "There is no such file."
        if as_json:
            print_document(CareError("no_such_path", message, str(path)).document())
        else:
            sys.stderr.write(f"{path}: {message}\n")
        raise typer.Exit(2)
