"""Updates of a file that nobody signed: which of them could an honest program have written?

Difference analysis lets an update pass whose objects nobody refers to: they change nothing that is seen. But
nothing lawful is written that way. Behind the last signature only validation data may be added (ETSI EN
319 142-1, 5.5), so there every object that a table lists must be one that such an update has to write, and
what it rewrites is compared entry by entry. Earlier updates are covered by a later signature; there, only
what cannot serve any purpose is noticed.
"""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from pyhanko.pdf_utils.generic import (
    ArrayObject,
    DictionaryObject,
    EncryptedObjAccess,
    IndirectObject,
    NumberObject,
    Reference,
    StreamObject,
)
from pyhanko.pdf_utils.metadata import model, xmp_xml
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader
from pyhanko.sign.diff_analysis import (
    CatalogModificationRule,
    DocInfoRule,
    MetadataUpdateRule,
    XrefStreamRule,
)
from pyhanko.sign.diff_analysis.commons import compare_dicts

from tasks.checking import MALFORMED
from tasks.signature_places import Place, entry
from tasks.store_updates import StoreRule

Number = tuple[int, int]
"""An object's number and generation."""

_OF_CATALOGUE = frozenset({"/DSS", "/Extensions", "/Metadata", "/Version"})
_OF_EXTENSIONS = frozenset({"/ADBE", "/ESIC", "/ISO_", "/Type"})
_OF_ONE_EXTENSION = frozenset({"/Type", "/BaseVersion", "/ExtensionLevel", "/ExtensionRevision", "/URL"})
_OF_INFO = frozenset({"/ModDate", "/Producer"})
_OF_NEW_INFO = _OF_INFO | {"/CreationDate", "/Creator"}
_VERSIONS = ("/1.7", "/2.0")
_OF_METADATA = {
    model.XMP_MODDATE,
    model.PDF_PRODUCER,
    model.ExpandedName(model.NS["xmp"], "MetadataDate"),
    model.ExpandedName("http://ns.adobe.com/xap/1.0/mm/", "InstanceID"),
}
"""What a program that adds validation data rewrites: its name, the day, what the file now makes use of."""
_RULES = (StoreRule(), DocInfoRule(), MetadataUpdateRule(), XrefStreamRule())
_AS_WRITTEN = EncryptedObjAccess.RAW
"""Of an encrypted file: a signature's own bytes are not, and opening them would fail."""
_PIECES = re.compile(rb"(\d+)\s+(\d+)\s*")


def unlawful(reader: PdfFileReader, places: Sequence[Place]) -> tuple[int, ...]:
    """Behind which signatures (their indices) an unsigned update adds anything but validation data.

    Looks behind the last signature of a person only, for there is no further form to be filled.
    """
    ends = [place.end for place in places if place.end]
    last = max((place.end for place in places if not _is_timestamp(place)), default=0) or max(ends, default=0)
    for revision in _unsigned(reader, last, ends):
        old, new = reader.get_historical_resolver(revision - 1), reader.get_historical_resolver(revision)
        try:
            lawful = _adds_validation_data(old, new)
        except MALFORMED:  # also what the rules raise
            lawful = False
        if not lawful:
            return tuple(n for n, one in enumerate(places) if last <= one.end <= _place(reader, revision))
    return ()


def idle(reader: PdfFileReader, places: Sequence[Place]) -> bool:
    """Whether some update behind the first signature holds objects for no purpose, and no person signed it
    as theirs: an unsigned one that changes nothing of the file, or anything unused in a document timestamp's.

    Programs that fill forms may leave an unused object behind, so one among others says nothing there.
    """
    ends = [place.end for place in places if place.end]
    first = min(ends, default=0)
    stamped = _signed(reader, [place.end for place in places if place.end and _is_timestamp(place)])
    try:
        return any(_idle(reader, revision) for revision in _unsigned(reader, first, ends)) or any(
            _unused(reader, revision)
            for revision in stamped
            if revision and _place(reader, revision) >= first
        )
    except MALFORMED:  # nobody can say then
        return True


def _is_timestamp(place: Place) -> bool:
    return place.embedded is not None and place.embedded.sig_object_type == "/DocTimeStamp"


def _unsigned(reader: PdfFileReader, start: int, ends: Collection[int]) -> Iterator[int]:
    """The revisions behind byte `start` that no signature ends with."""
    signed = _signed(reader, ends)
    for revision in range(1, reader.xrefs.total_revisions):
        if revision not in signed and _place(reader, revision) >= start:
            yield revision


def _signed(reader: PdfFileReader, ends: Collection[int]) -> set[int]:
    """The revisions that end at these bytes."""
    places = [_place(reader, revision) for revision in range(reader.xrefs.total_revisions)]
    return {max((n for n, place in enumerate(places) if place < end), default=0) for end in ends}


def _place(reader: PdfFileReader, revision: int) -> int:
    return reader.xrefs.get_xref_container_info(revision).start_location


def _adds_validation_data(old: HistoricalResolver, new: HistoricalResolver) -> bool:
    listed = {_number(reference) for reference in new.explicit_refs_in_revision()}
    data = {_number(update.updated_ref) for update in StoreRule().apply(old, new)}
    allowed = {_number(update.updated_ref) for rule in _RULES for update in rule.apply(old, new)}
    allowed |= {_number(new.root_ref)} | {(number, 0) for number in _packing(old, new)}
    allowed |= {
        _number(length) for number in allowed & listed if (length := _length(new, number)) is not None
    }
    catalogue = any(number == _number(new.root_ref) for number in listed)
    return (
        listed <= allowed
        and (bool(listed & data) or (catalogue and not _same(old.root, new.root, "/DSS")))
        and not {_number(freed) for freed in new.refs_freed_in_revision()} & _known(old)
        and _number(old.root_ref) == _number(new.root_ref)
        and _same_catalogue(old, new)
        and _same_info(_info(old), _info(new))
        and _same_metadata(entry(old.root, "/Metadata"), entry(new.root, "/Metadata"))
    )


def _number(reference: Reference | IndirectObject) -> Number:
    return reference.idnum, reference.generation


def _known(view: HistoricalResolver) -> set[Number]:
    return {
        _number(reference)
        for revision in range(view.revision + 1)
        for reference in view.reader.xrefs.explicit_refs_in_revision(revision)
    }


def _packing(old: HistoricalResolver, new: HistoricalResolver) -> Iterator[int]:
    """New object streams with nothing in them but the objects that the table lists."""
    table = new.reader.xrefs.get_xref_data(new.revision)
    for number in table.obj_streams_used:
        reference = Reference(number, 0, pdf=new)
        stream = new.get_object(reference)
        if not old.is_ref_unassignable(reference) or "/Extends" in stream:
            continue
        of_table = {n for n, place in table.xrefs_in_objstm.items() if place.obj_stream_id == number}
        within = [int(piece[1]) for piece in _PIECES.finditer(stream.data[: int(stream["/First"])])]
        if len(within) == int(stream["/N"]) and set(within) == of_table:
            yield number


def _length(view: HistoricalResolver, number: Number) -> Reference | None:
    """Where a stream says how long it is, if it says it in an object of its own."""
    stream = view.get_object(Reference(*number, pdf=view))
    length = stream.raw_get("/Length") if isinstance(stream, StreamObject) and "/Length" in stream else None
    if isinstance(length, IndirectObject) and isinstance(length.get_object(), NumberObject):
        return length.reference
    return None


def _info(view: HistoricalResolver) -> Any:
    # References of a trailer lead to the newest state, so they are looked up in the one that is meant.
    trailer = view.trailer_view
    raw = trailer.raw_get("/Info") if "/Info" in trailer else None
    return view.get_object(raw.reference) if isinstance(raw, IndirectObject) else raw


def _same(old: DictionaryObject, new: DictionaryObject, key: str) -> bool:
    return bool((key in old) == (key in new) and (key not in old or old.raw_get(key) == new.raw_get(key)))


def _same_catalogue(old: HistoricalResolver, new: HistoricalResolver) -> bool:
    # The rule says which keys may differ at all; here is what they may say.
    list(CatalogModificationRule(_OF_CATALOGUE).apply_qualified(old, new))
    before, after = entry(old.root, "/Version"), entry(new.root, "/Version")
    version = before == after or (after in _VERSIONS and (before is None or str(before) <= str(after)))
    return version and _same_extensions(entry(old.root, "/Extensions"), entry(new.root, "/Extensions"))


def _same_extensions(old: Any, new: Any) -> bool:
    if old is None and new is None:
        return True
    old = DictionaryObject() if old is None else old
    if not isinstance(new, DictionaryObject) or not compare_dicts(old, new, _OF_EXTENSIONS, raise_exc=False):
        return False
    return set(old) <= set(new) and all(
        _same(old, new, key) or _is_extension(key, new[key]) for key in _OF_EXTENSIONS & set(new)
    )


def _is_extension(key: str, value: Any) -> bool:
    if key == "/Type":
        return bool(value == "/Extensions")
    each = list(value) if isinstance(value, ArrayObject) else [value]
    return all(isinstance(one, DictionaryObject) and set(one) <= _OF_ONE_EXTENSION for one in each)


def _same_info(old: Any, new: Any) -> bool:
    if new is None or old is None:
        return old is None and set(new or ()) <= _OF_NEW_INFO
    return compare_dicts(old, new, _OF_INFO, raise_exc=False)


def _same_metadata(old: Any, new: Any) -> bool:
    if new is None:
        return old is None
    return _described(old) == _described(new)


def _described(metadata: Any) -> Mapping[model.ExpandedName, model.XmpValue]:
    roots = xmp_xml.parse_xmp(io.BytesIO(metadata.data)) if metadata is not None else []
    return {name: value for root in roots for name, value in root if name not in _OF_METADATA}


def _idle(reader: PdfFileReader, revision: int) -> bool:
    old, new = reader.get_historical_resolver(revision - 1), reader.get_historical_resolver(revision)
    unused = _unused(reader, revision)
    root = _number(new.root_ref)
    itself = {root} if _same_root(old, new) else set()
    return bool(unused) and _listed(old, new) <= unused | _descriptions(new) | itself


def _unused(reader: PdfFileReader, revision: int) -> set[Number]:
    """Objects that an update lists and that nothing in the file leads to."""
    old, new = reader.get_historical_resolver(revision - 1), reader.get_historical_resolver(revision)
    return _listed(old, new) - _reachable(new)


def _listed(old: HistoricalResolver, new: HistoricalResolver) -> set[Number]:
    """What an update lists, without the streams that tables and packed objects stand in."""
    listed = {_number(reference) for reference in new.explicit_refs_in_revision()}
    listed -= {_number(update.updated_ref) for update in XrefStreamRule().apply(old, new)}
    return listed - {(number, 0) for number in new.reader.xrefs.get_xref_data(new.revision).obj_streams_used}


def _descriptions(view: HistoricalResolver) -> set[Number]:
    found = (view.trailer_view, "/Info"), (view.root, "/Metadata")
    raw = [where.raw_get(key) for where, key in found if key in where]
    return {_number(one) for one in raw if isinstance(one, IndirectObject)}


def _same_root(old: HistoricalResolver, new: HistoricalResolver) -> bool:
    same = compare_dicts(old.root, new.root, raise_exc=False)
    return same and _number(old.root_ref) == _number(new.root_ref)


def _reachable(view: HistoricalResolver) -> set[Number]:
    found: set[Number] = set()
    waiting: list[Any] = [view.trailer_view]
    while waiting:
        value = waiting.pop()
        if isinstance(value, IndirectObject):
            if _number(value) in found:
                continue
            found.add(_number(value))
            try:
                value = view.get_object(value.reference)
            except MALFORMED:
                continue  # it leads nowhere
        if isinstance(value, DictionaryObject):
            waiting += [value.raw_get(key, _AS_WRITTEN) for key in value]
        elif isinstance(value, ArrayObject):
            waiting += [value.raw_get(index, _AS_WRITTEN) for index in range(len(value))]
    return found
