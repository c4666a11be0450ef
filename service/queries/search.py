"""The full-text index of comments: FTS5 on SQLite, a text search vector on PostgreSQL.

The words come folded and split by `models.search`, so that both find the same.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.search import search_words

_WRITE = {
    "sqlite": sa.text("INSERT OR REPLACE INTO comment_search (rowid, words) VALUES (:id, :words)"),
    "postgresql": sa.text(
        "INSERT INTO comment_search (comment_id, words) VALUES (:id, to_tsvector('simple', :words))"
        " ON CONFLICT (comment_id) DO UPDATE SET words = EXCLUDED.words"
    ),
}
_DROP = {
    "sqlite": sa.text("DELETE FROM comment_search WHERE rowid = :id"),
    "postgresql": sa.text("DELETE FROM comment_search WHERE comment_id = :id"),
}
_MATCH = {
    "sqlite": "SELECT rowid AS id FROM comment_search WHERE comment_search MATCH :words",
    "postgresql": "SELECT comment_id AS id FROM comment_search"
    " WHERE words @@ to_tsquery('simple', :words)",
}
_ROW = {"sqlite": "rowid", "postgresql": "comment_id"}
WORDS_TYPED = 12
"""Words of a question that count; more narrow nothing down."""


def put_words(session: Session, comment_id: int, *texts: str) -> None:
    """Let a comment be found by the words of these texts, and by no others."""
    words = " ".join(search_words(*texts))
    session.execute(_WRITE[_kind(session)], {"id": comment_id, "words": words})


def drop_words(session: Session, comment_id: int) -> None:
    """Let a comment be found no more; its words leave the index's pages too."""
    session.execute(_DROP[_kind(session)], {"id": comment_id})


def phrases_of(typed: str) -> list[list[str]]:
    """Return what was typed as phrases: each stretch between spaces, or between quotes."""
    phrases = []
    for number, part in enumerate(typed.split('"')):
        pieces = [part] if number % 2 else part.split()
        phrases += [words for piece in pieces if (words := search_words(piece))]
    return phrases[:WORDS_TYPED]


def matching(
    session: Session,
    typed: str,
    *,
    beyond: int | None = None,
    oldest: bool = False,
    most: int,
) -> Sequence[int]:
    """Return the rows of comments that hold all the words, newest first, at most `most`.

    Args:
        typed: words and "phrases in quotes"; the last word may be the beginning of one.
        beyond: the row to go on from.
        oldest: oldest first.
    """
    kind = _kind(session)
    asked = _question(kind, phrases_of(typed))
    if not asked:
        return []
    row, sign, order = (_ROW[kind], ">", "ASC") if oldest else (_ROW[kind], "<", "DESC")
    edge = "" if beyond is None else f" AND {row} {sign} :beyond"
    statement = sa.text(f"{_MATCH[kind]}{edge} ORDER BY {row} {order} LIMIT :most")
    values = {"words": asked, "most": most} | ({} if beyond is None else {"beyond": beyond})
    return session.scalars(statement, values).all()


def matching_between(session: Session, typed: str, first: int, last: int) -> sa.TextualSelect:
    """Return a selection of the rows `first` < row <= `last` that hold all the words."""
    kind = _kind(session)
    row = _ROW[kind]
    statement = sa.text(f"{_MATCH[kind]} AND {row} > :first AND {row} <= :last")
    asked = _question(kind, phrases_of(typed))
    return statement.bindparams(words=asked, first=first, last=last).columns(id=sa.BigInteger)


def _question(kind: str, phrases: Sequence[Sequence[str]]) -> str:
    # Words hold letters and digits alone, so nothing that was typed is read as syntax.
    if kind == "sqlite":
        told = [f'"{" ".join(words)}"' for words in phrases]
        return " AND ".join(told) + ("*" if told else "")
    told = [" <-> ".join(f"'{word}'" for word in words) for words in phrases]
    return " & ".join(told) + (":*" if told else "")


def _kind(session: Session) -> str:
    return session.get_bind().dialect.name
