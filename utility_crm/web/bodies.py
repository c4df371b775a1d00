"""What machines may send, said once: a model checks a document, and the OpenAPI schema is made of it.

    class Event(Body):
        call: Annotated[str, Text(200, least=1)]
        type: Annotated[str, OneOf(KINDS)]
        at: Annotated[datetime | None, Instant()] = None

    event = read_body(Event, told)            # Invalid, which names the place: $.call
    openapi_extra=documented(SCOPE, schema_of(Event), keyed=True)

Nothing is turned into what it is not ("5" is no number), and a field that nobody agreed on is refused, so
that a slip in a name is heard of. What a provider tells of its own accord (`Theirs`) may hold more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic_core import CoreSchema, ErrorDetails, PydanticCustomError, core_schema

from utility_crm.kit.errors import Invalid

_UNKNOWN = "extra_forbidden"


class Body(BaseModel):
    """A document as it is agreed: no other fields, no other types."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, serialize_by_alias=True)


class Theirs(BaseModel):
    """The same of a provider's document: what else it holds is theirs."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, serialize_by_alias=True)


Read = TypeVar("Read", bound=BaseModel)


def read_body(model: type[Read], told: object) -> Read:
    """The document as its model. Raises Invalid: the first thing that is wrong, with its JSON path."""
    try:
        return model.model_validate(told)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        # A wrong name is told before the field that it leaves out.
        first = min(found, key=lambda one: one["type"] != _UNKNOWN)
        code, words = _said(first, model)
        if len(found) > 1:
            words += f" ({len(found)} are wrong in all.)"
        raise Invalid(code, words, _path(first["loc"])) from error


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of a document, whole: nothing in it refers elsewhere."""
    made = model.model_json_schema(mode="validation")
    return dict(_whole(made, made.pop("$defs", {})))


class Text:
    """A text of `least` to `most` letters, which a database can keep; with `least`, not of blanks alone."""

    def __init__(self, most: int, *, least: int = 0, one_line: bool = False) -> None:
        self.most, self.least, self.one_line = most, least, one_line

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        letters = core_schema.str_schema(strict=True, max_length=self.most, min_length=self.least or None)
        return core_schema.no_info_after_validator_function(self._keepable, letters)

    def _keepable(self, given: str) -> str:
        if self.least and not given.strip():
            raise PydanticCustomError("text", "is needed, as text")
        if "\0" in given or (self.one_line and not given.isprintable()):
            raise PydanticCustomError("text", "holds what is no letter")
        return given


class OneOf:
    """One of these words."""

    def __init__(self, allowed: Sequence[str]) -> None:
        self.allowed = list(allowed)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.literal_schema(self.allowed)


class Instant:
    """An instant of ISO 8601; without a zone it is refused, or UTC where `utc` says so."""

    def __init__(self, *, utc: bool = False) -> None:
        self.utc = utc

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self._read)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string", "format": "date-time"}

    def _read(self, given: object) -> datetime:
        try:
            at = datetime.fromisoformat(given) if isinstance(given, str) else None
        except ValueError:
            at = None
        if at is None or not (at.tzinfo or self.utc):
            raise PydanticCustomError("instant", "is an instant with its zone, such as 2026-11-20T14:42:00Z")
        try:
            return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
        except OverflowError as error:
            raise PydanticCustomError("instant", "is no day of ours") from error


def wrong(code: str, words: str) -> PydanticCustomError:
    """What a check of a model raises: "`field` words"."""
    return PydanticCustomError(code, words)


def _path(loc: Sequence[int | str]) -> str:
    return "$" + "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in loc)


def _said(error: ErrorDetails, model: type[BaseModel]) -> tuple[str, str]:
    """Code and sentence of what is wrong."""
    kind, told = error["type"], error.get("ctx", {})
    name = str(error["loc"][-1]) if error["loc"] else "the body"
    if kind == _UNKNOWN:
        known = ", ".join(one.alias or field for field, one in model.model_fields.items())
        return "unknown_field", f"There is no field {name!r}; there are {known}."
    if kind in ("missing", "string_too_short"):
        return "missing_field", f"{name} is needed."
    if kind == "literal_error":
        return "choice", f"{name} is one of {told['expected']}."
    if kind in ("string_too_long", "too_long"):
        return "too_long", f"{name} has at most {told['max_length']} {_OF.get(kind, 'letters')}."
    words = _SHAPES.get(kind)
    if words is not None:
        return "shape", f"{name} {words}."
    return kind, f"{name} {error['msg']}."


_OF = {"too_long": "of them"}
_SHAPES = {
    "string_type": "is a text",
    "string_unicode": "has half a letter in it",
    "list_type": "is a list",
    "too_short": "holds one at least",
    "model_type": "is an object",
    "bool_type": "is true or false",
    "int_type": "is a whole number",
}


def _whole(schema: Any, parts: Mapping[str, Any]) -> Any:
    """A schema with what it refers to put in its place, and without titles nobody wrote."""
    if isinstance(schema, list):
        return [_whole(one, parts) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _whole(parts[schema["$ref"].rpartition("/")[2]], parts)
    named = {name: _whole(one, parts) for name, one in schema.get("properties", {}).items()}
    made = {
        name: _whole(value, parts) for name, value in schema.items() if name not in ("title", "properties")
    }
    return made | ({"properties": named} if named else {})
