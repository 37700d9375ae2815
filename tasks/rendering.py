"""Pages: a document's data becomes a PDF/A-2a file, a signature its picture.

Layouts are Typst files in `templates/documents`; typed text reaches them as JSON and is never markup. They
see their own folder, our fonts and the pictures handed over, nothing else. The same data gives the same
bytes. What the data of a layout holds stands in `tasks/layout_data.py`. Everything here runs in the intake
pool (`tasks/pools.py`): the layout engine has no time limit of its own.
"""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, time
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import typst
from PIL import Image

from models.errors import Invalid, NotFound
from models.settings import VIETNAM
from models.text import Text
from tasks import fonts, pdf_pages

TEMPLATES = Path(__file__).resolve().parents[1] / "templates" / "documents"

LAYOUTS = frozenset(
    {
        "appeal",
        "destruction_list",
        "lesson_plan",
        "lesson_plan_addendum",
        "spot_check",
        "teacher_teaching_plan",
        "team_teaching_plan",
        "violation_minutes",
    }
)
BoxKind = Literal["signature", "text"]
_FRAME_HIGH = 19 / 25.4 * 72
"""Points: the frame of a seal without a picture, in the middle of its box."""


@dataclass(frozen=True, slots=True)
class Box:
    """A place left free for a form field. `page` counts from 0; `rect` is left, bottom, right, top in points
    from the page's lower left corner (both as in PDF)."""

    name: str
    kind: BoxKind
    page: int
    rect: tuple[float, float, float, float]

    @property
    def width(self) -> float:
        return self.rect[2] - self.rect[0]

    @property
    def height(self) -> float:
        return self.rect[3] - self.rect[1]


@dataclass(frozen=True, slots=True)
class Rendered:
    """A file and what is known of it. `parts` gives the first page, counted from 1, of each part's id;
    `replaced` are the characters no font of ours can draw (the page shows `□`)."""

    pdf: bytes = field(repr=False)
    boxes: tuple[Box, ...]
    pages: int
    parts: Mapping[str, int]
    replaced: tuple[str, ...] = ()


def render(layout: str, data: Mapping[str, Any], images: Mapping[str, bytes] | None = None) -> Rendered:
    """Lay out a document; `images` holds each picture of its rich text by SHA-256.

    Raises NotFound when a picture is missing, ValueError for an unknown layout.
    """
    if layout not in LAYOUTS:
        raise ValueError(f"There is no layout {layout!r}.")
    return _rendered(layout, data, images, standard="a-2a")


def render_around(data: Mapping[str, Any]) -> Rendered:
    """Cover and signing sheet of an uploaded body, one after the other: no PDF/A, for the whole is none.

    `parts["sheet"]` is the page, counted from 1, the signing sheet begins on; `pages` counts these alone.
    """
    return _rendered("uploaded_body", data, None, standard="1.7")


def _rendered(
    layout: str,
    data: Mapping[str, Any],
    images: Mapping[str, bytes] | None,
    *,
    standard: Literal["a-2a", "1.7"],
) -> Rendered:
    source = f"{layout}.typ"
    shown, replaced = _drawable(data)
    made_on = datetime.combine(datetime.fromisoformat(data["date"]).date(), time(), VIETNAM)
    with _root(images or {}) as (root, pictures):
        _refuse_missing(shown, pictures)
        compiler = _compiler(root, source, {**shown, "pictures": pictures})
        pdf = compiler.compile(
            format="pdf", pdf_standards=[standard], pdf_tags=standard == "a-2a", timestamp=made_on
        )
        assert isinstance(pdf, bytes)
        noted = json.loads(compiler.query("metadata", field="value"))
    boxes = tuple(_box(note) for note in noted if note["what"] == "box")
    parts = {note["id"]: note["page"] for note in noted if note["what"] == "part"}
    parts.update(("sheet", note["page"]) for note in noted if note["what"] == "sheet")
    pages = next(note["count"] for note in noted if note["what"] == "pages")
    # A revision appended after a last line without its end would break PDF/A (ISO 19005-2, 6.1.9).
    whole = pdf if pdf.endswith(b"\n") else pdf + b"\n"
    return Rendered(whole, boxes, pages, parts, tuple(sorted(replaced)))


@dataclass(frozen=True, slots=True)
class Stamped:
    """A signature's look: one page as large as its box, transparent, its font inside.

    `hand`: where the picture of the hand stands in the box, left, bottom, right, top in points from its lower
    left corner; None without one.
    """

    pdf: bytes = field(repr=False)
    hand: tuple[float, float, float, float] | None = None


def stamp(data: Mapping[str, Any]) -> Stamped:
    """Draw what `layout_data.Stamp` says; its picture is one of ours (`tasks/inking.py`)."""
    signed_at, picture = data["signed_at"].astimezone(VIETNAM), data.get("picture")
    shown = {
        "kind": data["kind"],
        "width": data["width"],
        "height": data["height"],
        "authority": list(data["authority"]),
        "basis": data.get("basis", ""),
        "name": data.get("name", ""),
        "time": signed_at.strftime("%d/%m/%Y %H:%M:%S +07:00"),
        "development": data["development"],
        "diameter": data.get("diameter", 0),
        "over": data.get("over"),
        "pixels": _pixels(picture) if picture else None,
        "top": max(0.0, (data["height"] - _FRAME_HIGH) / 2),
    }
    with _one_page(shown, picture) as compiler:
        pdf = _compiled(compiler)
        noted = json.loads(compiler.query("metadata", field="value")) if picture else []
    return Stamped(pdf, _hand(noted[0], data["height"]) if noted else None)


def _pixels(png: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(png), formats=("PNG",)) as opened:
        return opened.size


def _hand(note: Mapping[str, float], height: float) -> tuple[float, float, float, float]:
    top = height - note["top"]
    sides = (note["left"], top - note["height"], note["left"] + note["width"], top)
    left, bottom, right, upper = (round(side, 2) for side in sides)
    return left, bottom, right, upper


def text_field(box: Box, value: str) -> bytes:
    """How a filled text field looks: one page as large as its box, the words on the printed base line."""
    number = box.name == "number"
    shown = {
        "kind": "text",
        "width": box.width,
        "height": box.height,
        "text": value,
        "align": "right" if number else "left",
        "italic": not number,
    }
    with _one_page(shown) as compiler:
        return _compiled(compiler)


def text_area(box: Box, value: str) -> bytes:
    """How a text field of several lines looks: the words from its upper left corner, smaller if they must be.

    Invalid where they do not fit in 9 points, or have characters no font of ours can draw.
    """
    _, lost = _drawable(value)
    if lost:
        raise Invalid(_UNDRAWABLE.format(lost=" ".join(sorted(lost))))
    data = {"kind": "area", "width": box.width, "height": box.height, "text": value}
    try:
        with _one_page(data) as compiler:
            return _compiled(compiler)
    except typst.TypstError as error:
        if "too-long" not in str(error):
            raise
        raise Invalid(_NO_PLACE) from None


_NO_PLACE = Text(
    "Không vừa chỗ in trên văn bản, dù ở cỡ chữ nhỏ nhất. Rút gọn lại hoặc bớt xuống dòng.",
    "It does not fit its place in the document, even in the smallest letters. Shorten it or use fewer lines.",
)
_UNDRAWABLE = Text(
    "Có ký tự không in được: {lost}. Bỏ hoặc thay các ký tự này.",
    "Some characters cannot be printed: {lost}. Remove or replace them.",
)


def sheet(source: str, data: Mapping[str, Any]) -> bytes:
    """A plain PDF of one of our templates, without pictures or tags: to be taken over into another file."""
    shown, _ = _drawable(data)
    pdf = _compiler(TEMPLATES, source, shown).compile(format="pdf", pdf_tags=False, timestamp=0)
    assert isinstance(pdf, bytes)
    return pdf


def warm() -> None:
    """Load fonts and layouts, so that the first person need not wait for it."""
    now = datetime(2026, 1, 1, tzinfo=VIETNAM)
    picture = stamp(
        {
            "kind": "person",
            "width": 150.0,
            "height": 100.0,
            "authority": ["Hiệu trưởng"],
            "name": "Hồ Sơ Số",
            "signed_at": now,
            "development": True,
        }
    )
    pdf_pages.page_image(picture.pdf, 1, 100)


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(fonts.FOLDER)]
    )


def _compiler(root: Path, source: str, data: Mapping[str, Any]) -> typst.Compiler:
    nowhere = str(root / "no-packages")  # an import of a package fails instead of asking the network
    return typst.Compiler(
        str(root / source),
        root=str(root),
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        package_path=nowhere,
        package_cache_path=nowhere,
    )


@contextmanager
def _root(images: Mapping[str, bytes]) -> Iterator[tuple[Path, dict[str, str]]]:
    """A folder the layout engine may read, and where in it each picture is: the templates alone, or a
    private copy with the pictures beside them."""
    if not images:
        yield TEMPLATES, {}
        return
    with TemporaryDirectory(prefix="layout-") as name:
        folder = Path(name)
        for template in TEMPLATES.glob("*.typ"):
            shutil.copyfile(template, folder / template.name)
        pictures: dict[str, str] = {}
        for key, content in images.items():
            suffix = "png" if content.startswith(b"\x89PNG") else "jpg"
            file = f"picture-{len(pictures)}.{suffix}"
            (folder / file).write_bytes(content)
            pictures[key] = f"/{file}"
        yield folder, pictures


@contextmanager
def _one_page(data: dict[str, Any], picture: bytes | None = None) -> Iterator[typst.Compiler]:
    shown, _ = _drawable(data)
    with _root({"picture": picture} if picture else {}) as (root, pictures):
        whole = {**shown, "title": "Hồ Sơ Số", "picture": pictures.get("picture")}
        yield _compiler(root, "stamp.typ", whole)


def _compiled(compiler: typst.Compiler) -> bytes:
    # Taken over into another file as a picture: no structure of its own, hence level B and no tags.
    pdf = compiler.compile(format="pdf", pdf_standards=["a-2b"], pdf_tags=False, timestamp=0)
    assert isinstance(pdf, bytes)
    return pdf


def _box(note: Mapping[str, Any]) -> Box:
    """From a place on the sheet (top down) to a rectangle of PDF (bottom up)."""
    top = note["sheet"] - note["top"]
    rect = (note["left"], top - note["height"], note["left"] + note["width"], top)
    left, bottom, right, upper = (round(side, 3) for side in rect)
    return Box(note["name"], note["kind"], note["page"] - 1, (left, bottom, right, upper))


def _drawable(value: Any) -> tuple[Any, frozenset[str]]:
    """The same data with every text as our fonts can draw it, and what had to be replaced."""
    lost: set[str] = set()

    def walk(part: Any) -> Any:
        if isinstance(part, str):
            text, missing = fonts.drawable(part)
            lost.update(missing)
            return text
        if isinstance(part, Mapping):
            return {key: walk(inner) for key, inner in part.items()}
        if isinstance(part, (list, tuple)):
            return [walk(inner) for inner in part]
        return part

    return walk(value), frozenset(lost)


def _refuse_missing(value: Any, pictures: Mapping[str, str]) -> None:
    """A paper is not laid out without one of its pictures: someone would sign what they never saw."""
    if isinstance(value, list):
        for inner in value:
            _refuse_missing(inner, pictures)
    elif isinstance(value, dict):
        if value.get("t") == "img" and value["id"] not in pictures:
            raise NotFound(
                Text(
                    "Một ảnh trong bài không còn trong kho. Hãy bỏ ảnh ấy ra rồi chèn lại.",
                    "A picture of the text is no longer stored. Remove it and insert it again.",
                )
            )
        for inner in value.values():
            _refuse_missing(inner, pictures)
