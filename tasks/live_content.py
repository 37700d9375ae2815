"""What can look different tomorrow though no byte changes: scripts, dynamic forms, layers, outside files.

A signature protects bytes. Content that is computed or fetched when the file is opened is protected only as
far as its rules are, so it is named: a *doubt* where what is read may depend on it (the file is then never
called valid), a *caution* where it concerns the reader's machine. Also the date of change the file gives.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pikepdf

from models.text import Text
from tasks import verdict_words as words
from tasks.form_snapshots import inherited

MOST_OBJECTS = 200_000
_MOST_ACTIONS = 200
_MEDIA = {"/RichMedia", "/3D", "/Movie", "/Screen", "/Sound"}
_EMBEDDED = {"/FontFile", "/FontFile2", "/FontFile3"}
_OUTSIDE = {"/Launch", "/GoToR", "/GoToE", "/ImportData", "/SubmitForm"}
_MOVING = {"/Hide", "/SetOCGState"}
"""Actions that show or hide parts of the pages, whoever calls them."""
_EMPTYING = {"/ResetForm", "/ImportData"}
"""Actions that change what fields say: a reader may press such a button, a file may not by itself."""
_DRAWN = {
    *("/FreeText", "/Stamp", "/Line", "/Square", "/Circle", "/Polygon", "/PolyLine", "/Ink", "/Redact"),
}
"""Annotations that are seen; without a picture of their own each program draws them in its own way."""
_TORN = ("duplicated key", "expected endstream")
"""What qpdf says where readers take different halves: two entries of one name, a stream of two lengths."""
_DATE = re.compile(r"D:(\d{4})(\d{2})?(\d{2})?")
_HIDDEN, _PRINT, _NO_VIEW = 2, 4, 32
"""Flags of an annotation (ISO 32000-1, table 165)."""


@dataclass(slots=True)
class LiveContent:
    """What was found: doubts, cautions, and whether screen and paper may differ."""

    doubts: list[Text] = field(default_factory=list)
    cautions: list[Text] = field(default_factory=list)
    modified: str = ""

    def doubt(self, sentence: Text) -> None:
        if sentence not in self.doubts:
            self.doubts.append(sentence)

    def caution(self, sentence: Text) -> None:
        if sentence not in self.cautions:
            self.cautions.append(sentence)


def live_content(pdf: bytes) -> LiveContent:
    """Look through every object of the file; PdfError for what qpdf does not read."""
    found = LiveContent()
    with pikepdf.open(io.BytesIO(pdf), attempt_recovery=False, suppress_warnings=True) as document:
        found.modified = _modified(document)
        if "/Collection" in document.Root:
            found.caution(PORTFOLIO)
        _form(document, found)
        _layers(document, found)
        for count, thing in enumerate(document.objects):
            if count > MOST_OBJECTS:
                found.doubt(TOO_MANY_OBJECTS)
                break
            for part in _dictionaries(thing, 0):
                _looked_at(part, found)
                if document.is_encrypted and _out_of_the_lock(part):
                    found.doubt(words.READERS_DISAGREE)
        if any(sign in str(warning) for warning in document.get_warnings() for sign in _TORN):
            found.doubt(words.READERS_DISAGREE)
    return found


def _modified(document: pikepdf.Pdf) -> str:
    info: Any = document.trailer.get("/Info")
    said = str(info.get("/ModDate", "")) if isinstance(info, pikepdf.Dictionary) else ""
    match = _DATE.match(said)
    if match is None:
        return ""
    return "-".join(part for part in match.groups() if part)


def _form(document: pikepdf.Pdf, found: LiveContent) -> None:
    form: Any = document.Root.get("/AcroForm")
    if not isinstance(form, pikepdf.Dictionary):
        return
    if "/XFA" in form:
        found.doubt(DYNAMIC_FORM)
    asked = bool(form.get("/NeedAppearances", False)) and _has_words(document)
    if asked or _words_without_picture(document):
        found.doubt(DRAWN_BY_VIEWER)


def _has_words(document: pikepdf.Pdf) -> bool:
    """Whether some field shows a value a viewer could draw in its own way."""
    return any(
        isinstance(annotation, pikepdf.Dictionary) and annotation.get("/FT") in ("/Tx", "/Ch", "/Btn")
        for page in document.pages
        for annotation in page.get("/Annots", ())
    )


def _words_without_picture(document: pikepdf.Pdf) -> bool:
    """Whether some field has words that nothing in the file draws."""
    return any(
        isinstance(annotation, pikepdf.Dictionary)
        and inherited(annotation, "/FT") in ("/Tx", "/Ch")
        and bool(str(inherited(annotation, "/V") or "").strip())
        and "/AP" not in annotation
        for page in document.pages
        for annotation in page.get("/Annots", ())
    )


def _layers(document: pikepdf.Pdf, found: LiveContent) -> None:
    layers: Any = document.Root.get("/OCProperties")
    if not isinstance(layers, pikepdf.Dictionary):
        return
    usual: Any = layers.get("/D")
    changing = isinstance(usual, pikepdf.Dictionary) and len(usual.get("/AS", ())) > 0
    groups = [one for one in layers.get("/OCGs", ()) if isinstance(one, pikepdf.Dictionary)]
    if changing or len(layers.get("/Configs", ())) > 0 or any(_by_itself(one) for one in groups):
        found.doubt(LAYERS_CHANGE)
    else:
        found.caution(LAYERS)


def _by_itself(group: Any) -> bool:
    """Whether a layer says that it is off on the screen or on paper, which browsers follow though no
    configuration asks for it; or is not meant to be viewed, so that some show it always."""
    usage: Any = group.get("/Usage")
    states = [
        usage[use].get(f"{use}State")
        for use in ("/View", "/Print")
        if isinstance(usage, pikepdf.Dictionary) and isinstance(usage.get(use), pikepdf.Dictionary)
    ]
    intent: Any = group.get("/Intent", pikepdf.Name.View)
    meant = [str(one) for one in intent] if isinstance(intent, pikepdf.Array) else [str(intent)]
    return "/OFF" in states or not {"/View", "/All"} & set(meant)


def _dictionaries(thing: Any, depth: int) -> Iterator[Any]:
    """A dictionary or stream and the direct ones inside it; what it refers to is met by itself."""
    if depth > 12:
        return
    if isinstance(thing, pikepdf.Stream | pikepdf.Dictionary):
        yield thing
        values = [value for _, value in thing.items()]
    elif isinstance(thing, pikepdf.Array):
        values = list(thing)
    else:
        return
    for value in values:
        if isinstance(value, pikepdf.Dictionary | pikepdf.Array) and not value.is_indirect:
            yield from _dictionaries(value, depth + 1)


def _looked_at(part: Any, found: LiveContent) -> None:
    action = part.get("/S")
    if "/JS" in part or action == "/JavaScript":
        found.doubt(SCRIPTS)
    if isinstance(action, pikepdf.Name) and str(action) in _OUTSIDE:
        found.caution(LEADS_OUTSIDE)
    if action in _MOVING or any(one.get("/S") in _EMPTYING for one in _started(part)):
        found.doubt(ACTS)
    if isinstance(part, pikepdf.Stream):
        _drawn(part, found)
    # A soft mask's function is part of the picture; there a group stands beside it.
    if "/G" not in part and (_is_function(part.get("/TR")) or _is_function(part.get("/TR2"))):
        found.doubt(OTHER_ON_PAPER)
    if part.get("/OP") is True or part.get("/op") is True:
        found.caution(OVERPRINT)
    subtype = part.get("/Subtype")
    if isinstance(subtype, pikepdf.Name):
        if str(subtype) in _MEDIA:
            found.caution(MEDIA)
        if str(subtype) in _DRAWN and "/Rect" in part and "/AP" not in part and not _unseen(part):
            found.doubt(NOTES_BY_VIEWER)
        if "/Rect" in part and _differs_on_paper(part):
            # Many signing programs leave a signature's stamp unprinted; it says nothing that is read.
            (found.caution if part.get("/FT") == "/Sig" else found.doubt)(OTHER_ON_PAPER)
    if part.get("/Type") == "/FontDescriptor" and not _EMBEDDED & set(part.keys()):
        found.caution(FONTS)


def _drawn(stream: Any, found: LiveContent) -> None:
    """Pictures of which some programs or printers take another version."""
    kind = stream.get("/Subtype")
    if "/F" in stream or "/OPI" in stream or (kind == "/Form" and "/Ref" in stream):
        found.doubt(CONTENT_OUTSIDE)
    if (kind == "/Image" and "/Alternates" in stream) or "/PS" in (kind, stream.get("/Subtype2")):
        found.doubt(OTHER_ON_PAPER)


def _out_of_the_lock(part: Any) -> bool:
    """Whether part of an encrypted file says that it is not: some readers decrypt it all the same.

    A description in XML may be (ISO 32000-2, 7.6.2), so no page may be drawn with what says it is one.
    """
    if isinstance(part, pikepdf.Stream):
        filters: Any = part.get("/Filter", pikepdf.Array())
        named = [str(one) for one in filters] if isinstance(filters, pikepdf.Array) else [str(filters)]
        return "/Crypt" in named and part.get("/Type") != "/Metadata"
    drawn: Any = part.get("/Contents") if part.get("/Type") == "/Page" else None
    pieces = list(drawn) if isinstance(drawn, pikepdf.Array) else [drawn]
    return any(isinstance(one, pikepdf.Stream) and "/Type" in one for one in pieces)


def _started(part: Any) -> Iterator[Any]:
    """The actions that begin without anybody asking for them."""
    waiting = [part[key] for key in ("/OpenAction", "/AA") if key in part]
    for _ in range(_MOST_ACTIONS):
        if not waiting:
            return
        one: Any = waiting.pop()
        if isinstance(one, pikepdf.Array):
            waiting += list(one)
        elif isinstance(one, pikepdf.Dictionary):
            if "/S" in one:
                yield one
                waiting += [one["/Next"]] if "/Next" in one else []
            elif "/Type" not in one:
                waiting += [value for _, value in one.items()]


def _is_function(value: Any) -> bool:
    several = list(value) if isinstance(value, pikepdf.Array) else [value]
    kinds = (pikepdf.Dictionary, pikepdf.Stream)
    return any(isinstance(one, kinds) and "/FunctionType" in one for one in several)


def _unseen(annotation: Any) -> bool:
    flags = annotation.get("/F", 0)
    return isinstance(flags, int) and bool(flags & (_HIDDEN | _NO_VIEW))


def _differs_on_paper(annotation: Any) -> bool:
    """Whether an annotation shows on the screen only, or on paper only."""
    if annotation.get("/Subtype") in ("/Link", "/Popup"):
        return False
    flags = annotation.get("/F", 0)
    if not isinstance(flags, int):
        return True
    sides = [float(side) for side in annotation.get("/Rect", ())]
    empty = len(sides) != 4 or sides[0] == sides[2] or sides[1] == sides[3] or "/AP" not in annotation
    on_screen, on_paper = not flags & _NO_VIEW, bool(flags & _PRINT)
    return not empty and not flags & _HIDDEN and on_screen is not on_paper


SCRIPTS = Text(
    "Tệp có đoạn mã tự chạy (JavaScript), có thể làm đổi nội dung hiển thị.",
    "The file holds scripts (JavaScript) that may change what it shows.",
)
DYNAMIC_FORM = Text(
    "Tệp dùng biểu mẫu động (XFA): nội dung do phần mềm dựng lúc mở.",
    "The file is a dynamic form (XFA): its pages are made by the software that opens it.",
)
DRAWN_BY_VIEWER = Text(
    "Tệp để phần mềm đọc tự vẽ các ô đã điền, nên mỗi nơi có thể hiện khác nhau.",
    "The file lets the viewing software draw filled fields, so they may look different elsewhere.",
)
NOTES_BY_VIEWER = Text(
    "Tệp có ghi chú hoặc hình vẽ thêm mà phần mềm đọc tự vẽ, nên mỗi nơi có thể hiện khác nhau.",
    "The file has notes or drawings that the viewing software draws, so they may look different elsewhere.",
)
ACTS = Text(
    "Tệp có lệnh tự ẩn, hiện hoặc xóa nội dung khi mở hay khi bấm.",
    "The file holds commands that hide, show or clear parts of it when it is opened or clicked.",
)
OVERPRINT = Text(
    "Tệp dùng kiểu in chồng màu: bản in có thể khác với hình trên màn hình.",
    "The file prints colours over one another: on paper it may differ from the screen.",
)
PORTFOLIO = Text(
    "Tệp gói nhiều tệp khác bên trong; kết quả này chỉ nói về trang của chính tệp, hãy kiểm tra riêng từng "
    "tệp kèm.",
    "The file is a package of others; this result is about its own pages. Check the files in it one by one.",
)
LAYERS_CHANGE = Text(
    "Tệp có lớp nội dung tự ẩn, hiện tùy lúc xem hay in.",
    "The file has layers that show and hide by themselves, on screen or in print.",
)
LAYERS = Text(
    "Tệp có các lớp nội dung mà người xem có thể bật, tắt.",
    "The file has layers that a reader can switch on and off.",
)
CONTENT_OUTSIDE = Text(
    "Một phần nội dung nằm ngoài tệp nên chữ ký không bảo vệ được.",
    "Part of the content lies outside the file, where no signature protects it.",
)
OTHER_ON_PAPER = Text(
    "Tệp có phần chỉ hiện trên màn hình hoặc chỉ hiện khi in.",
    "The file has parts that show only on the screen or only on paper.",
)
TOO_MANY_OBJECTS = Text(
    "Tệp có quá nhiều thành phần nên không xem hết được.", "The file has more parts than can be looked at."
)
LEADS_OUTSIDE = Text(
    "Tệp có liên kết mở tệp khác hoặc gửi dữ liệu đi; đừng bấm nếu không rõ.",
    "The file can open other files or send data; do not click if you are not sure.",
)
MEDIA = Text("Tệp có âm thanh, phim hoặc hình 3D.", "The file holds sound, film or 3D content.")
FONTS = Text(
    "Tệp không kèm đủ phông chữ, nên chữ có thể hiện khác trên máy khác.",
    "Not all fonts are in the file, so letters may look different on another machine.",
)
