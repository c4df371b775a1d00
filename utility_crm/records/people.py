"""Who wrote something in the other system: a colleague of ours where login or name is one, else a name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import text

from utility_crm.records.kinds import Field, Row, Taking
from utility_crm.web.words import mark

AUTHOR = Field("author", mark("Who took it"), said=(
    "agent", "operator", "user", "employee", "created by", "owner", "login", "оператор", "сотрудник", "автор",
    "пользователь", "кто принял", "исполнитель", "ответственный",
))  # fmt: skip
_PEOPLE = text("""
    select lower(told) as told, min(u.id) as id, count(*) as found
    from unnest(cast(:names as text[])) told join users u on lower(u.login) = lower(told)
        or lower(u.name) = lower(told)
    group by 1
""")


@dataclass(frozen=True, slots=True)
class Author:
    """id: of a colleague; name: of somebody we do not know, kept with the words."""

    id: int | None
    name: str

    def sign(self, words: str) -> str:
        """The words, signed where nobody here wrote them."""
        if self.id is not None or not self.name:
            return words
        return f"{words}\n({self.name})" if words else f"({self.name})"


def authors(taking: Taking, rows: Iterable[Row], name: str = "author") -> dict[int, Author]:
    """Whom the rows name, by line. Nobody is made; a name that two colleagues have is kept as a name."""
    listed = list(rows)
    names = list({row.values[name] for row in listed if row.get(name)})
    known = {}
    if names:
        found = taking.session.execute(_PEOPLE, {"names": names})
        known = {row.told: row.id for row in found if row.found == 1}
    return {row.line: Author(known.get(str(row.get(name)).lower()), row.get(name)) for row in listed}
