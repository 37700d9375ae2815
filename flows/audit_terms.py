"""Until when must a record be kept, as its archive event and the school's terms say? Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from flows.grammar import DocumentType
from flows.retention import term_of
from models.event import Event
from models.retention import RetentionRule
from models.settings import VIETNAM
from tasks.archiving import keep_until

CLOSE = timedelta(minutes=5)
"""A term set so near to the archive of a record may have reached it or not: both ran at once."""
Ends = set[datetime | None]


def ends(
    declared: DocumentType,
    archived: Event | None,
    rules: Sequence[RetentionRule],
    destroyed_at: datetime | None = None,
) -> Ends:
    """The ends of the retention that follow; more than one only where a term was set at that very time.

    The archive event names the first (events of older versions do not: it is what the terms of that moment
    give), and terms set later that were to hold for earlier records too lengthen it, as long as the record
    is there. `rules`: those of the school for this type, in the order they were set.
    """
    if archived is None:
        return {None}
    found = _at_the_archive(declared, archived, rules)
    for rule in rules:
        if not rule.earlier or rule.at < archived.at - CLOSE or (destroyed_at and rule.at > destroyed_at):
            continue
        longer = {_longer(end, keep_until(archived.at, rule.years)) for end in found}
        found = found | longer if abs(rule.at - archived.at) <= CLOSE else longer
    return found


def _at_the_archive(declared: DocumentType, archived: Event, rules: Sequence[RetentionRule]) -> Ends:
    if "keep_until" in archived.data:
        named = archived.data["keep_until"]
        return {datetime.fromisoformat(named) if named else None}
    found: Ends = set()
    for moment in (archived.at, archived.at - CLOSE):
        known = [rule for rule in rules if rule.at <= moment]
        found.add(keep_until(moment, term_of(declared, known, moment.astimezone(VIETNAM).date()).years))
    return found


def _longer(one: datetime | None, other: datetime | None) -> datetime | None:
    return None if one is None or other is None else max(one, other)
