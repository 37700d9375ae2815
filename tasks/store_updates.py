"""What a later update may do with a file's document security store (ISO 32000-2, 12.8.4.3).

The store holds certificates, revocation lists and answers: a stranger's word that only ever helps when its
signature leads to a trusted root (`validation_data`), and nothing of it is ever seen on a page. So programs
may write it anew. Those on iText, when they look at an old signature again, take its entry and its data out
and put today's in their place, where pyHanko's own rule wants every entry kept as it was. What was taken out
still counts: all states of the store are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pyhanko.pdf_utils.generic import (
    ArrayObject,
    DictionaryObject,
    IndirectObject,
    NullObject,
    PdfObject,
    StreamObject,
)
from pyhanko.pdf_utils.reader import HistoricalResolver, RawPdfPath
from pyhanko.sign.diff_analysis import (
    DEFAULT_DIFF_POLICY,
    CatalogModificationRule,
    DocInfoRule,
    MetadataUpdateRule,
    ModificationLevel,
    ObjectStreamRule,
    StandardDiffPolicy,
    SuspiciousModification,
    XrefStreamRule,
)
from pyhanko.sign.diff_analysis.rules_api import Context, ReferenceUpdate, WhitelistRule

_OF_STORE = frozenset({"/Certs", "/CRLs", "/OCSPs"})
_OF_ENTRY = frozenset({"/Cert", "/CRL", "/OCSP"})
_ENTRY = re.compile(r"/[0-9A-Fa-f]{40}")
"""An entry is named by the SHA-1 of the signature it serves."""


class StoreRule(WhitelistRule):
    """Any well-formed store may follow a store, but none may go, and no object used elsewhere may be one."""

    def apply(self, old: HistoricalResolver, new: HistoricalResolver) -> Iterable[ReferenceUpdate]:
        if "/DSS" not in new.root:
            if "/DSS" in old.root:
                raise SuspiciousModification("The document security store was taken away.")
            return
        place = RawPdfPath("/Root", "/DSS")
        store = _dictionary(new.root["/DSS"], _OF_STORE | {"/Type", "/VRI"})
        yield from _itself(new.root, "/DSS", old, place)
        yield from _lists(store, _OF_STORE, old, new, place)
        if "/VRI" not in store:
            return
        entries = _dictionary(store["/VRI"], None)
        yield from _itself(store, "/VRI", old, place + "/VRI")
        for name in entries:
            if name != "/Type" and _ENTRY.fullmatch(name) is None:
                raise SuspiciousModification(f"{name} names no signature.")
            if name != "/Type":
                within = place + "/VRI" + name
                entry = _dictionary(entries[name], _OF_ENTRY | {"/Type", "/TU", "/TS"})
                yield from _itself(entries, name, old, within)
                yield from _itself(entry, "/TS", old, within + "/TS")
                yield from _lists(entry, _OF_ENTRY, old, new, within)


def _dictionary(value: PdfObject, allowed: frozenset[str] | None) -> DictionaryObject:
    """The value, if it is a dictionary with nothing else in it."""
    if not isinstance(value, DictionaryObject) or isinstance(value, StreamObject):
        raise SuspiciousModification("This is no dictionary.")
    if allowed is not None and not value.keys() <= allowed:
        raise SuspiciousModification("This is no part of a document security store.")
    return value


def _itself(
    holder: DictionaryObject, key: str, old: HistoricalResolver, place: RawPdfPath
) -> Iterator[ReferenceUpdate]:
    """The object an entry refers to; one that was there before may have been used in this place alone."""
    raw = holder.raw_get(key) if key in holder else None
    if isinstance(raw, IndirectObject):
        yield ReferenceUpdate(raw.reference, Context.from_absolute(old, place))


def _lists(
    holder: DictionaryObject,
    keys: Iterable[str],
    old: HistoricalResolver,
    new: HistoricalResolver,
    place: RawPdfPath,
) -> Iterator[ReferenceUpdate]:
    """The arrays of certificates, lists and answers, and their streams, which must be new if they changed."""
    for key in keys:
        if key not in holder:
            continue
        pieces = holder[key]
        if not isinstance(pieces, ArrayObject) or not all(map(_is_piece, _raw(pieces))):
            raise SuspiciousModification(f"{key} is no array of streams.")
        within = Context.from_absolute(old, place + key)
        yield from _itself(holder, key, old, place + key)
        for found in new.collect_dependencies(pieces, since_revision=old.revision + 1):
            yield ReferenceUpdate(found, within)


def _raw(array: ArrayObject) -> list[PdfObject]:
    return [array.raw_get(index) for index in range(len(array))]


def _is_piece(raw: PdfObject) -> bool:
    return isinstance(raw, IndirectObject) and isinstance(raw.get_object(), StreamObject | NullObject)


DIFFERENCES = StandardDiffPolicy(
    global_rules=[
        CatalogModificationRule(),
        *(
            rule.as_qualified(ModificationLevel.LTA_UPDATES)
            for rule in (
                DocInfoRule(),
                XrefStreamRule(),
                ObjectStreamRule(),
                StoreRule(),
                MetadataUpdateRule(),
            )
        ),
    ],
    form_rule=DEFAULT_DIFF_POLICY.form_rule,
)
"""What of a later revision is allowed: pyHanko's rules, but for the store."""
