"""How a file is read, as a person says it on its page."""

from __future__ import annotations

from collections.abc import Sequence

from utility_crm.kit.errors import Invalid
from utility_crm.records.domain.seen import ColumnSeen
from utility_crm.records.kinds import Kind
from utility_crm.records.mapping import Mapping, checked, open_asks
from utility_crm.web.forms import Posted
from utility_crm.web.words import mark

ASKS = {
    "required": mark("Name a column, or what stands for all rows."),
    "dates": mark("“%(value)s” may be read in two ways: say which."),
    "decimals": mark("“%(value)s” may be thousands or parts: say which."),
}


def typed_mapping(posted: Posted, kind: Kind, columns: Sequence[ColumnSeen]) -> Mapping:
    """The mapping of a posted form. Raises Invalid beside the field that only a person can say."""
    titles = {column.title for column in columns}
    document: dict[str, dict[str, object]] = {name: {} for name in ("columns", "fixed", "dates", "decimals")}
    values: dict[str, dict[str, str]] = {}
    for one in kind.fields:
        title = posted.text(f"column-{one.name}")
        if title in titles:
            document["columns"][one.name] = title
        for part in ("fixed", "dates", "decimals"):
            if told := posted.text(f"{part}-{one.name}"):
                document[part][one.name] = told
        column = next((seen for seen in columns if seen.title == title), None)
        if one.type in ("choice", "yes") and column is not None and column.values:
            values[one.name] = {
                word: posted.text(f"value-{one.name}-{place}") for place, word in enumerate(column.values)
            }
    mapping = checked({**document, "values": values}, kind)
    for ask in open_asks(kind, mapping, columns):
        where = f"column-{ask.field}" if ask.what == "required" else f"{ask.what}-{ask.field}"
        raise Invalid(f"ask_{ask.what}", ASKS[ask.what], where, value=ask.value)
    return mapping
