"""Customers found by the words of their name and of where they live: in any order, begun or within, in
Cyrillic or Latin, with or without accents, and misspelt.

Both sides are folded to plain Latin letters by the database (`search_fold`). Each word said is looked up in
the vocabulary first, so that whom the words name is one question to an index of whole words:

    "petrvoa glazer"  ->  petrova | glazier, glazers  ->  words && {petrova} and words && {glazier, glazers}
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import DamerauLevenshtein
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from utility_crm.kit.parts import SearchHit

IN_NAME, IN_BOTH, AT_PLACE, MISSPELT = 20, 25, 30, 40
"""Ranks: after the beginnings of names."""
SHORTEST_INSIDE = 3
"""Shorter words are looked for at the beginnings of words only."""
SIMILAR_FROM = 4
"""Shorter words are never taken for misspelt ones: too many are alike."""
MOST_WORDS, MOST_ALIKE, MOST_ROWS = 200, 80, 60
LONGEST = 30
"""Letters of a word that is compared: longer ones are no name, and comparing them costs."""
LIKENESS = 0.2
"""Trigrams that a misspelt word shares at least; two letters swapped within four leave a quarter."""

# The planner takes "at most sixty" for a reason to read all customers until sixty fit; a rare street among
# many roads fits last. So it is told to use the index, until the transaction ends.
_VOCABULARY = text(r"""
with said as (
    select distinct left(w, :longest) collate "C" as w
    from regexp_split_to_table(search_fold(:said), '[\W_]+') as w where w <> ''
)
select said.w, b.words, set_config('enable_seqscan', 'off', true),
case when cardinality(b.words) = 0 and length(said.w) >= :shortest then array(
    select distinct word from (
        select word from search_words where word like '%' || said.w || '%' limit :most
    ) i
) else '{}' end
from said cross join lateral (select array(
    select distinct word from (
        select word from search_words
        where word >= said.w and word < said.w || U&'\+10ffff' order by word limit :most
    ) i
) as words) b
""")
_ALIKE = text(
    "select word, similarity(word, :said) from search_words where word % :said "
    "group by word order by 2 desc, 1 limit :most"
)
_WHOLE = "select customer_id, words from customer_words where words @> :whole limit :rows"
_ROWS = f"""
select c.id, c.name, array(
    select regexp_split_to_table(search_fold(c.name), '[\\W_]+')
), found.words
from (
    ({_WHOLE}) union ({{any}})
) found join customers c on c.id = found.customer_id
"""


@dataclass(frozen=True, slots=True)
class Word:
    """A word that was said, folded, and the words of the vocabulary that may be meant by it."""

    said: str
    meant: tuple[str, ...]

    def distance(self, words: Sequence[str]) -> int:
        """To the nearest of these words that may be meant; 0 is that word or one it begins."""
        found = [_distance(self.said, word) for word in words if word in self.meant]
        return min(found, default=len(self.said))

    def within(self, words: Sequence[str]) -> bool:
        """Whether one of these words may be meant."""
        return not set(self.meant).isdisjoint(words)


def named_or_living(session: Session, words: str, limit: int) -> list[SearchHit]:
    """Whom every word fits: those it names before those it only places; else those whom misspelt words fit,
    the nearest first. Two statements, up to two a word more where nothing fits."""
    said = _vocabulary(session, words)
    if not said:
        return []
    hits = _fitting(session, said, limit) if all(word.meant for word in said) else []
    if hits:
        return hits
    guessed = _guessed(session, said)
    return _fitting(session, guessed, limit, guessed=True) if all(one.meant for one in guessed) else []


def _vocabulary(session: Session, words: str) -> list[Word]:
    bound = {"said": words, "longest": LONGEST, "shortest": SHORTEST_INSIDE, "most": MOST_WORDS}
    return [
        Word(said, tuple(begun or inside)) for said, begun, _, inside in session.execute(_VOCABULARY, bound)
    ]


def _guessed(session: Session, said: Sequence[Word]) -> list[Word]:
    """The words as they may be meant where they were misspelt; those too short or with a digit stay."""
    session.execute(select(func.set_config("pg_trgm.similarity_threshold", str(LIKENESS), True)))
    return [Word(one.said, (*one.meant, *_alike(session, one.said))) for one in said]


def _alike(session: Session, said: str) -> list[str]:
    if len(said) < SIMILAR_FROM or any(letter.isdigit() for letter in said):
        return []
    rows = session.execute(_ALIKE, {"said": said, "most": MOST_ALIKE})
    return [word for word, _ in rows if _distance(said, word) <= _slips(said)]


def _slips(said: str) -> int:
    """How many letters may be wrong, missing, too many or swapped."""
    return 1 if len(said) <= 5 else 2 if len(said) <= 8 else 3


def _distance(said: str, word: str) -> int:
    if word.startswith(said):
        return 0
    return int(DamerauLevenshtein.distance(said, word[: len(said) + 3]))


def _fitting(session: Session, said: Sequence[Word], limit: int, *, guessed: bool = False) -> list[SearchHit]:
    every = " and ".join(f"words && :any_{place}" for place in range(len(said)))
    fitting = f"select customer_id, words from customer_words where {every} limit :rows"
    statement = text(_ROWS.replace("{any}", fitting))
    bound: dict[str, object] = {f"any_{place}": list(word.meant) for place, word in enumerate(said)}
    rows = session.execute(
        statement, bound | {"whole": [word.said for word in said], "rows": max(MOST_ROWS, limit)}
    )
    found = []
    for customer_id, name, own, words in rows:
        named = sum(word.within(own) for word in said)
        where = IN_NAME if named == len(said) else IN_BOTH if named else AT_PLACE
        far = sum(word.distance(words) for word in said)
        found.append((MISSPELT + far if guessed else where, far, name, customer_id, named))
    return [
        SearchHit(customer_id, name if named else "", rank)
        for rank, _far, name, customer_id, named in sorted(found)[:limit]
    ]
