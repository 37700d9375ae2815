"""One state of a file as qpdf reads it: its pages' frames and the fields that stand on them.

A second reader beside pyHanko: where both and PDFium do not see the same pages and the same signatures,
nobody can say what a stranger's viewer will show. Damage is not repaired here, for each reader repairs in its
own way. Raises `pikepdf.PdfError` for what qpdf does not read.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import pikepdf
from lxml import etree

from tasks import field_appearances, letter_shapes
from tasks.pdf_objects import Told

MOST_WIDGETS = 3_000
_DEEPEST = 20
_LONGEST = 1024 * 1024
_ELSEWHERE = {"/V", "/P", "/Parent", "/Popup"}
"""Entries of a field's widget that are compared elsewhere or lead back."""
_BY_ITSELF = {
    *("/AcroForm", "/DSS", "/Extensions", "/Metadata", "/Pages", "/Perms", "/StructTreeRoot", "/Version")
}
"""Entries of the catalogue that a later signature may change, or that are compared by themselves."""
_DESCRIBING = ("/Title", "/Author", "/Subject", "/Keywords")
_DUBLIN_CORE = {
    f"{{http://purl.org/dc/elements/1.1/}}{name}" for name in ("title", "creator", "description", "subject")
}

Rect = tuple[float, float, float, float]
"""Left, bottom, right, top in points, as the page's own coordinates."""
Frame = tuple[tuple[float, ...], tuple[float, ...], int, float]
"""Media box, crop box, rotation, user unit: a page that changes one looks different somewhere."""


@dataclass(frozen=True, slots=True)
class Widget:
    """A field where it stands on a page."""

    name: str
    page: int
    """Counted from 0."""
    rect: Rect
    kind: str
    """`/Sig`, `/Tx` …"""
    value: str | None
    """The text of a filled field; of a signature the number of its object. None when it is empty."""
    look: str = ""
    """All that says how it is drawn and what it does, as a digest: every state of its picture, its flags."""
    plain: bool = False
    """Of a text field: its picture is readable text and nothing else."""
    fonts: frozenset[str] = frozenset()
    """Of a plain one, by their digests: fonts whose letters may be others than they are called."""
    veiled: bool = False
    """It has a picture and a place, but flags keep readers from showing it."""
    ordinary: bool = False
    """Of a signature: printed, of one state, its picture of its size: what signing programs put on a page."""

    @property
    def filled(self) -> bool:
        return self.value is not None


Key = tuple[str, int, Rect]
"""A widget that has neither been renamed nor moved."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Pages and fields of a file at one of its revisions."""

    root: tuple[int, int]
    frames: tuple[Frame, ...]
    widgets: Mapping[Key, Widget]
    signed: frozenset[tuple[str, str]]
    """Signature fields, on pages or in the form, that hold a signature: name and number of its object."""
    described: tuple[str, ...] = ()
    """What the file says of itself: title, author, subject, keywords."""
    drawn_by: tuple[str, ...] = ()
    """What tells a viewer how to draw fields by itself (form defaults), as digests."""
    version: str = ""
    """The version the catalogue names; empty when the file's head alone does."""
    kept: frozenset[str] = frozenset()
    """What a lawful update adds to and never takes away: metadata, extensions."""
    catalogue: str = ""
    """What else the file says of itself as a whole (layers, actions, language …), as a digest."""
    notes: tuple[tuple[int, Rect], ...] = ()
    """Page and place of every annotation that is no field."""
    fonts: frozenset[str] = frozenset()
    """Digests of the fonts its pages and fields are drawn with."""
    fields: int = 0
    """Fields of the form, on pages or not."""
    bound: bool = False
    """A signature says what may follow it: the file is certified, or fields are locked."""

    def kept_by(self, later: Snapshot) -> bool:
        """Whether a later state still has what no update takes away, and names no earlier version."""
        version = not later.version or (
            _VERSION.fullmatch(later.version) is not None and later.version >= self.version
        )
        return version and self.kept <= later.kept and (bool(later.version) or not self.version)


_VERSION = re.compile(r"/\d\.\d")


def snapshot(pdf: bytes) -> Snapshot:
    """Read one revision, given as the bytes up to its end."""
    with pikepdf.open(io.BytesIO(pdf), attempt_recovery=False, suppress_warnings=True) as document:
        frames = tuple(_frame(page) for page in document.pages)
        widgets = {}
        for number, page in enumerate(document.pages):
            for widget in _widgets(page, number):
                widgets[widget.name, widget.page, widget.rect] = widget
                if len(widgets) > MOST_WIDGETS:
                    raise pikepdf.PdfError("More fields than we look at.")
        signed = {(w.name, w.value) for w in widgets.values() if w.kind == "/Sig" and w.value is not None}
        fields = list(_fields(document))
        signed.update(_signed(fields))
        return Snapshot(
            document.Root.objgen,
            frames,
            widgets,
            frozenset(signed),
            described=_described(document),
            drawn_by=_drawn_by(document),
            version=str(document.Root.get("/Version", "")),
            kept=_kept(document),
            catalogue=_catalogue(document),
            notes=tuple(_notes(document)),
            fonts=letter_shapes.fonts_of(document),
            fields=len(fields),
            bound=_bound(document, signed),
        )


def _frame(page: pikepdf.Page) -> Frame:
    media = tuple(float(side) for side in page.mediabox)
    crop = tuple(float(side) for side in page.cropbox)
    return media, crop, int(page.get("/Rotate", 0)) % 360, float(page.get("/UserUnit", 1))


def _widgets(page: pikepdf.Page, number: int) -> Iterator[Widget]:
    annotations: Any = page.get("/Annots")
    if not isinstance(annotations, pikepdf.Array):
        return
    for annotation in annotations:
        if not isinstance(annotation, pikepdf.Dictionary) or annotation.get("/Subtype") != "/Widget":
            continue
        rect = _rect(annotation)
        if rect is None:
            continue
        kind = str(inherited(annotation, "/FT") or "")
        value = _value(annotation, kind)
        drawn_in = field_appearances.plain(annotation) if kind == "/Tx" and value is not None else None
        ordinary = kind == "/Sig" and field_appearances.ordinary(annotation)
        look = _look(annotation)
        yield Widget(
            *(_name(annotation), number, rect, kind, value, look),
            plain=drawn_in is not None,
            fonts=drawn_in or frozenset(),
            ordinary=ordinary,
            veiled=field_appearances.veiled(annotation),
        )


def _rect(annotation: Any) -> Rect | None:
    sides = [float(side) for side in annotation.get("/Rect", ())]
    if len(sides) != 4:
        return None
    left, right = sorted(sides[::2])
    bottom, top = sorted(sides[1::2])
    return left, bottom, right, top


def _notes(document: pikepdf.Pdf) -> Iterator[tuple[int, Rect]]:
    for number, page in enumerate(document.pages):
        annotations: Any = page.get("/Annots")
        for annotation in annotations if isinstance(annotations, pikepdf.Array) else ():
            if isinstance(annotation, pikepdf.Dictionary) and annotation.get("/Subtype") != "/Widget":
                rect = _rect(annotation)
                if rect is not None:
                    yield number, rect


def _bound(document: pikepdf.Pdf, signed: set[tuple[str, str]]) -> bool:
    """Whether the catalogue names permissions, or a signature refers to rules (DocMDP, FieldMDP)."""
    permissions: Any = document.Root.get("/Perms")
    if isinstance(permissions, pikepdf.Dictionary) and "/DocMDP" in permissions:
        return True
    numbers = [value.split() for _, value in signed]
    signatures: list[Any] = [document.get_object(int(one[0]), int(one[1])) for one in numbers]
    return any(isinstance(one, pikepdf.Dictionary) and "/Reference" in one for one in signatures)


def _described(document: pikepdf.Pdf) -> tuple[str, ...]:
    info: Any = document.trailer.get("/Info")
    # A program that writes its name into a file without any description adds none.
    described = info if isinstance(info, pikepdf.Dictionary) else pikepdf.Dictionary()
    said = [str(described.get(key, "")) for key in _DESCRIBING]
    metadata: Any = document.Root.get("/Metadata")
    if isinstance(metadata, pikepdf.Stream):
        said += _titles(metadata.read_bytes())
    return tuple(said)


def _titles(described: bytes) -> list[str]:
    """What a description in XML (XMP) says of title, author and subject, as elements or as attributes.

    One that cannot be read says itself.
    """
    try:
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        root = etree.fromstring(described[:_LONGEST].strip(), parser)
    except (etree.XMLSyntaxError, ValueError):
        return [sha256(described).hexdigest()]
    found: list[str] = []
    for part in root.iter(etree.Element):
        told = [(str(name), str(value)) for name, value in part.attrib.items()]
        told.append((str(part.tag), " ".join(" ".join(part.itertext()).split())))
        found += [f"{name} {value}" for name, value in told if name in _DUBLIN_CORE]
    return sorted(found)


def _drawn_by(document: pikepdf.Pdf) -> tuple[str, ...]:
    form: Any = document.Root.get("/AcroForm")
    if not isinstance(form, pikepdf.Dictionary):
        return ()
    told = Told()
    return tuple(
        f"{key} {told.of(value, 0)}" for key, value in form.items() if key not in ("/Fields", "/SigFlags")
    )


def _look(annotation: Any) -> str:
    told = Told()
    parts = [
        f"{key} {told.of(value, 1)}" for key, value in sorted(annotation.items()) if key not in _ELSEWHERE
    ]
    return sha256(" ".join(parts).encode()).hexdigest()


def _kept(document: pikepdf.Pdf) -> frozenset[str]:
    extensions: Any = document.Root.get("/Extensions")
    names = list(extensions.keys()) if isinstance(extensions, pikepdf.Dictionary) else []
    return frozenset([*names, *(["/Metadata"] if "/Metadata" in document.Root else [])])


def _catalogue(document: pikepdf.Pdf) -> str:
    told = Told()
    parts = [
        f"{key} {told.of(value, 1)}" for key, value in sorted(document.Root.items()) if key not in _BY_ITSELF
    ]
    return sha256(" ".join(parts).encode()).hexdigest()


def _fields(document: pikepdf.Pdf) -> Iterator[Any]:
    """All fields of the form, and those under them."""
    form: Any = document.Root.get("/AcroForm")
    fields: Any = form.get("/Fields") if isinstance(form, pikepdf.Dictionary) else None
    seen: set[tuple[int, int]] = set()
    waiting = list(fields) if isinstance(fields, pikepdf.Array) else []
    while waiting and len(seen) <= MOST_WIDGETS:
        field = waiting.pop()
        if not isinstance(field, pikepdf.Dictionary) or (field.objgen in seen and field.is_indirect):
            continue
        seen.add(field.objgen)
        kids = field.get("/Kids")
        waiting += list(kids) if isinstance(kids, pikepdf.Array) else []
        yield field


def _signed(fields: Iterable[Any]) -> Iterator[tuple[str, str]]:
    """Signature fields of the form, on a page or not."""
    for field in fields:
        value = _value(field, "/Sig") if inherited(field, "/FT") == "/Sig" and "/V" in field else None
        if value is not None:
            yield _name(field), value


def inherited(field: Any, key: str) -> Any:
    """An entry of a field where it stands, or of the field it belongs to."""
    for _ in range(_DEEPEST):
        if key in field:
            return field[key]
        field = field.get("/Parent")
        if not isinstance(field, pikepdf.Dictionary):
            return None
    return None


def _name(field: Any) -> str:
    names: list[str] = []
    for _ in range(_DEEPEST):
        if "/T" in field:
            names.append(str(field["/T"]))
        field = field.get("/Parent")
        if not isinstance(field, pikepdf.Dictionary):
            break
    return ".".join(reversed(names))


def _value(field: Any, kind: str) -> str | None:
    value = inherited(field, "/V")
    if value is None:
        return None
    if kind == "/Sig":
        return f"{value.objgen[0]} {value.objgen[1]}" if isinstance(value, pikepdf.Dictionary) else None
    if isinstance(value, pikepdf.Stream):
        return value.read_bytes()[:_LONGEST].decode("utf-8", "replace")
    said = str(value).strip()
    return said if said and said != "/Off" else None
