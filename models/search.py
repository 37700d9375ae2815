"""What documents are found by: one row of folded words each, with a word index of the database's own.

SQLite keeps the index in an FTS5 table that reads its text from here, PostgreSQL in a `tsvector` column made
from it; triggers and the generated column keep them in step inside the same transaction. What stands in the
text is made in `models/indexing.py`; all of it follows from other tables, so a backup leaves it out.
"""

from __future__ import annotations

from sqlalchemy import DDL, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy import Text as LongText
from sqlalchemy.event import listen
from sqlmodel import Field, SQLModel


class DocumentText(SQLModel, table=True):
    """The words of one document, folded, behind marks of what it belongs to.

    `place` grows with every new document: results come newest first without being sorted.
    """

    __tablename__ = "document_text"
    __table_args__ = (
        UniqueConstraint("document_id"),
        ForeignKeyConstraint(["school_id", "document_id"], ["document.school_id", "document.id"]),
    )
    place: int | None = Field(default=None, primary_key=True)
    document_id: str
    school_id: str
    text: str = Field(sa_type=LongText)


WORD_INDEX = {
    "sqlite": (
        "CREATE VIRTUAL TABLE document_word USING fts5(text, content='document_text', content_rowid='place', "
        "columnsize=0, prefix='2 3', tokenize='unicode61 remove_diacritics 0')",
        "CREATE TRIGGER document_text_added AFTER INSERT ON document_text BEGIN "
        "INSERT INTO document_word(rowid, text) VALUES (new.place, new.text); END",
        "CREATE TRIGGER document_text_gone AFTER DELETE ON document_text BEGIN "
        "INSERT INTO document_word(document_word, rowid, text) VALUES ('delete', old.place, old.text); END",
        "CREATE TRIGGER document_text_changed AFTER UPDATE OF text ON document_text BEGIN "
        "INSERT INTO document_word(document_word, rowid, text) VALUES ('delete', old.place, old.text); "
        "INSERT INTO document_word(rowid, text) VALUES (new.place, new.text); END",
    ),
    "postgresql": (
        "ALTER TABLE document_text ADD COLUMN lexemes tsvector "
        "GENERATED ALWAYS AS (to_tsvector('simple', text)) STORED",
        "CREATE INDEX ix_document_text_lexemes ON document_text USING gin (lexemes)",
    ),
}
"""The databases' own indexes over the words; migrations run the same statements."""

for _dialect, _statements in WORD_INDEX.items():
    for _statement in _statements:
        listen(
            SQLModel.metadata.tables["document_text"],
            "after_create",
            DDL(_statement).execute_if(dialect=_dialect),  # type: ignore[no-untyped-call]  # SQLAlchemy's
        )


def is_described(name: str | None, kind: str) -> bool:
    """Is a table, column or index of the database one that `models` describes as such, and not a part of the
    word index above?"""
    if kind == "table":
        return name is None or not name.startswith("document_word")
    return name not in ("lexemes", "ix_document_text_lexemes")
