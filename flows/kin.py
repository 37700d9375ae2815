"""Which records belong together: one that is about another, or replaces it. They are destroyed together.

In an archive they are one file: minutes without the check they rest on, or an addendum without its plan,
prove nothing. What was never signed, or was withdrawn, is no record and binds nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sqlmodel import Session, col, select

from models.document import Document, DocumentLink

_AT_ONCE = 400


def families(session: Session, ids: Collection[str]) -> list[tuple[str, ...]]:
    """These records in groups of what belongs together, with all that belongs to them; in the order given."""
    near: dict[str, set[str]] = {key: set() for key in ids}
    ahead = list(near)
    while ahead:
        links = list(_links(session, ahead))
        ahead = sorted({key for link in links for key in link} - near.keys())
        near |= {key: set() for key in ahead}
        for one, other in links:
            near[one].add(other)
            near[other].add(one)
    seen: set[str] = set()
    found = []
    for key in near:
        if key not in seen:
            family = tuple(_reach(near, key))
            seen.update(family)
            found.append(family)
    return found


def _reach(near: dict[str, set[str]], start: str) -> Iterator[str]:
    known, waiting = {start}, [start]
    while waiting:
        key = waiting.pop(0)
        yield key
        onward = sorted(near[key] - known)
        known.update(onward)
        waiting += onward


def _links(session: Session, ids: list[str]) -> Iterator[tuple[str, str]]:
    """The links from or to any of these, between records that were signed and not withdrawn."""
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        for end in (DocumentLink.document_id, DocumentLink.other_id):
            yield from session.exec(
                select(DocumentLink.document_id, DocumentLink.other_id)
                .join(Document, col(Document.id) == col(DocumentLink.document_id))
                .where(
                    col(end).in_(some),
                    col(Document.first_signed_at).is_not(None),
                    col(Document.status) != "withdrawn",
                )
            ).all()
