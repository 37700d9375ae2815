"""A .docx someone uploads is opened with care and packed anew, without what reaches outside or runs.

Left out: linked pictures and templates, macros, controls, chunks of foreign formats, drawings in SVG (their
plain picture stays), and fields that fetch or change by themselves (`tasks/word_fields.py`; what they showed
stays). Text of old Vietnamese fonts becomes Unicode (`tasks/word_fonts.py`). Refused: passwords, signatures,
damage, packages that unpack too far, and zips that are no Word file. Runs in the converter's children.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from lxml import etree

from models.errors import Invalid, TooLarge
from models.text import Text
from tasks.recognising import BOMB, DAMAGED, PASSWORD, SIGNED
from tasks.word_fields import CHANGING, FETCHED, settle
from tasks.word_fonts import WordFonts

ENTRY_LIMIT = 4000
TOTAL_LIMIT = 200 * 1024 * 1024
"""Bytes the whole package may unpack to."""
XML_LIMIT = 40 * 1024 * 1024
"""Bytes of one XML part: three hundred pages of tables have some ten."""

_STYLES = re.compile(r"word/styles\d*\.xml")
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_LINK = re.compile(
    r"\{http://(?:schemas\.openxmlformats\.org|purl\.oclc\.org/ooxml)/officeDocument/(?:2006/)?relationships\}"
)
_CHANGES = (f"{_W}ins", f"{_W}del", f"{_W}moveFrom", f"{_W}moveTo")
_OFFICE = "{urn:schemas-microsoft-com:office:office}"
_VML = "{urn:schemas-microsoft-com:vml}"
_TEMPLATE = "wordprocessingml.template.main+xml"
_OPEN_DOCUMENT = b"application/vnd.oasis.opendocument"
_MAIN = "wordprocessingml.document.main+xml"
_OTHERS = {
    "spreadsheetml": Text("Excel", "Excel"),
    "presentationml": Text("PowerPoint", "PowerPoint"),
}
_UNWANTED = {"aFChunk": "external", "vbaProject": "macros", "control": "macros", "subDocument": "external"}
"""Kinds of relationships that never stay, wherever they point."""
_QUIET = "drawing"
"""An SVG: Word keeps a plain picture beside each, so nothing is lost that a person would miss."""


@dataclass(frozen=True, slots=True)
class Word:
    """A package of our own packing. `removed` and `warnings` are codes of `tasks/recognising.py`."""

    data: bytes = field(repr=False)
    removed: tuple[str, ...]
    warnings: tuple[str, ...]


def open_word(data: bytes) -> Word:
    """Check and pack anew. Raises Invalid or TooLarge with the way out."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            _refuse(package)
            return _packed(package)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError) as error:
        raise Invalid(DAMAGED) from error
    except RuntimeError as error:  # zipfile's word for an entry with a password
        raise Invalid(PASSWORD) from error


def _refuse(package: zipfile.ZipFile) -> None:
    entries = package.infolist()
    # An entry never gives more than it declares, so the sum is what unpacking can cost.
    xml = [e.file_size for e in entries if _is_xml(e.filename)]
    if len(entries) > ENTRY_LIMIT or sum(e.file_size for e in entries) > TOTAL_LIMIT:
        raise TooLarge(BOMB)
    if max(xml, default=0) > XML_LIMIT:
        raise TooLarge(BOMB)
    names = {e.filename for e in entries}
    if "mimetype" in names and package.read("mimetype").startswith(_OPEN_DOCUMENT):
        raise Invalid(_ANOTHER_WRITER)
    if "[Content_Types].xml" not in names:
        raise Invalid(_PLAIN_ZIP)
    if any(e.flag_bits & 1 for e in entries):
        raise Invalid(PASSWORD)
    if any(name.startswith("_xmlsignatures/") for name in names):
        raise Invalid(SIGNED)
    kinds = {str(e.get("ContentType", "")) for e in _parsed(package.read("[Content_Types].xml"))}
    if not any(kind.endswith(_MAIN) for kind in kinds):
        raise Invalid(_no_word(kinds))


def _is_xml(name: str) -> bool:
    return name.lower().endswith((".xml", ".rels", ".vml"))


def _no_word(kinds: set[str]) -> Text:
    if any("macroEnabled" in kind and "word" in kind for kind in kinds):
        return Text(
            "Đây là tệp Word có macro (.docm). Lưu thành Word (.docx) rồi tải lại.",
            "This is a Word file with macros (.docm). Save it as Word (.docx) and upload that.",
        )
    if any(kind.endswith(_TEMPLATE) for kind in kinds):
        return _WORD_TEMPLATE
    for part, program in _OTHERS.items():
        if any(part in kind for kind in kinds):
            return Text(
                "Đây là tệp {program}, không phải Word. Xuất thành PDF (khổ A4) rồi tải tệp PDF lên.",
                "This is a file of {program}, not of Word. Export it as PDF (A4) and upload that.",
            ).format(program=program)
    return _PLAIN_ZIP


def _packed(package: zipfile.ZipFile) -> Word:
    removed: set[str] = set()
    gone = {e.filename for e in package.infolist() if _dropped(e.filename)}
    if any("vba" in name.lower() or "activex" in name.lower() for name in gone):
        removed.add("macros")
    warnings: set[str] = set()
    fonts = WordFonts(_styles(package))
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made:
        links = _relations(package, "")
        if links is None:
            raise Invalid(DAMAGED)
        made.writestr("_rels/.rels", links.xml)
        for entry in package.infolist():
            name = entry.filename
            if name in gone or entry.is_dir() or name.endswith(".rels"):
                continue
            content = package.read(entry)
            if _is_xml(name):
                root = _parsed(content)
                links = _relations(package, name)
                removed |= _disarmed(root, links.lost if links else {})
                fields = settle(root)
                removed |= fields & {FETCHED}
                warnings |= fields & {CHANGING}
                if fonts.modernise(root):
                    warnings.add("old-fonts")
                if any(len(change) for change in root.iter(*_CHANGES)):
                    warnings.add("tracked")
                content = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
                if links:
                    removed |= set(links.lost.values()) - {_QUIET}
                    made.writestr(_rels_of(name), links.xml)
            made.writestr(name, content)
    return Word(output.getvalue(), tuple(sorted(removed)), tuple(sorted(warnings)))


def _styles(package: zipfile.ZipFile) -> Any | None:
    """The root of the part that holds the styles, where there is one."""
    name = next((name for name in package.namelist() if _STYLES.fullmatch(name)), None)
    return _parsed(package.read(name)) if name else None


def _dropped(name: str) -> bool:
    low = name.lower()
    return (
        low.endswith((".svg", ".svgz", ".html", ".htm", ".mht", ".mhtml", ".exe", ".js", ".vbs"))
        or "vbaproject" in low
        or "vbadata" in low
        or "/activex/" in low
    )


def _parsed(content: bytes) -> Any:
    """The XML of a part: no entities, nothing fetched, and no document type, which Word never writes."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise (TooLarge(BOMB) if b"<!DOCTYPE" in content else Invalid(DAMAGED)) from error
    if root.getroottree().docinfo.doctype:
        raise TooLarge(BOMB)
    return root


def _rels_of(name: str) -> str:
    path = PurePosixPath(name)
    return str(path.parent / "_rels" / f"{path.name}.rels") if name else "_rels/.rels"


@dataclass(frozen=True, slots=True)
class _Links:
    """A part's relationships that stay, and the ids of those that do not, each with its code."""

    xml: bytes
    lost: dict[str, str]


def _relations(package: zipfile.ZipFile, name: str) -> _Links | None:
    try:
        root = _parsed(package.read(_rels_of(name)))
    except KeyError:
        return None
    lost: dict[str, str] = {}
    for relation in list(root):
        code = _why_dropped(relation)
        if code:
            root.remove(relation)
            lost[str(relation.get("Id"))] = code
    return _Links(etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True), lost)


def _why_dropped(relation: Any) -> str:
    """The code of what goes with this relationship; empty when it stays."""
    kind = str(relation.get("Type", "")).rpartition("/")[2]
    target = str(relation.get("Target", ""))
    outside = relation.get("TargetMode") == "External" or ":" in target or target.startswith(("//", "\\"))
    if kind in _UNWANTED:
        return _UNWANTED[kind]
    if target.lower().endswith((".svg", ".svgz")):
        return "external" if outside else _QUIET
    # A link someone may follow stays in the text; the page made from it has no links.
    return "external" if outside and kind != "hyperlink" else ""


def _disarmed(root: Any, lost: Mapping[str, str]) -> set[str]:
    """Take out of a part what named a relationship that is gone."""
    removed = set()
    for element in root.iter(etree.Element):
        for name in list(element.attrib):
            link = _LINK.match(name)
            if link and (element.get(name) in lost or name.endswith("}link")):
                del element.attrib[name]
        if element.tag == f"{_VML}imagedata":
            for name in ("src", f"{_OFFICE}href", f"{_OFFICE}althref"):
                if name in element.attrib:
                    del element.attrib[name]
                    removed.add("external")
    for merge in list(root.iter(f"{_W}mailMerge")):
        merge.getparent().remove(merge)
        removed.add("fields")
    return removed


_WORD_TEMPLATE = Text(
    "Đây là tệp mẫu của Word (.dotx). Lưu thành Word (.docx) rồi tải lại.",
    "This is a template of Word (.dotx). Save it as Word (.docx) and upload that.",
)
_ANOTHER_WRITER = Text(
    "Đây là tệp OpenDocument (.odt, .ods), không phải Word. Mở bằng chương trình đã tạo ra nó, lưu thành "
    "Word (.docx) hoặc PDF, rồi tải lại.",
    "This is an OpenDocument file (.odt, .ods), not Word. Open it in the program it was made with, save it "
    "as Word (.docx) or PDF, and upload that.",
)
_PLAIN_ZIP = Text(
    "Đây là tệp nén (zip), không phải tệp Word. Giải nén trên máy rồi tải lên tệp Word (.docx) hoặc PDF "
    "bên trong.",
    "This is an archive (zip), not a Word file. Unpack it on the device and upload the Word (.docx) or "
    "PDF file "
    "inside.",
)
