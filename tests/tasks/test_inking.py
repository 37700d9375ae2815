"""From a photograph to ink: what stays, what goes, what is refused."""

from __future__ import annotations

import io
import math
from collections.abc import Callable

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from models.errors import Invalid, TooLarge
from service import demo_pictures
from tasks import inking, pictures
from tasks.inking import BLUE, RED, Ink

WIDE, HIGH = 1200, 900
Pen = Callable[[ImageDraw.ImageDraw, object], None]


def curve() -> list[tuple[float, float]]:
    steps = [step / 300 for step in range(300)]
    return [
        (260 + 650 * t + 60 * math.sin(40 * t), 430 + 130 * math.sin(23 * t) * math.cos(7 * t)) for t in steps
    ]


def signed(pen: ImageDraw.ImageDraw, ink: object) -> None:
    pen.line(curve(), fill=ink, width=8, joint="curve")
    pen.ellipse((600, 200, 616, 216), fill=ink)  # the mark over a letter


def photograph(draw: Pen = signed, ink: object = (40, 50, 140), *, form: str = "JPEG") -> bytes:
    """On yellowish paper, dark on one side, with grain, dust and the desk at the foot."""
    light = Image.linear_gradient("L").rotate(90).resize((WIDE, HIGH)).point(lambda v: 120 + v * 110 // 255)
    picture = Image.merge("RGB", (light, light.point(lambda v: v - 6), light.point(lambda v: v - 26)))
    grain = Image.effect_noise((WIDE, HIGH), 12)
    picture = ImageChops.add(picture, Image.merge("RGB", (grain, grain, grain)), 1, -128)
    pen = ImageDraw.Draw(picture)
    draw(pen, ink)
    for spot in range(25):
        x, y = 37 * spot % WIDE, 53 * spot % 700
        pen.ellipse((x, y, x + 3, y + 3), fill=(80, 75, 70))
    pen.rectangle((0, 800, WIDE, HIGH), fill=(60, 45, 38))
    return saved(picture.filter(ImageFilter.GaussianBlur(1)), form)


def saved(picture: Image.Image, form: str = "PNG") -> bytes:
    output = io.BytesIO()
    picture.save(output, form)
    return output.getvalue()


def strength(ink: Ink) -> Image.Image:
    with Image.open(io.BytesIO(ink.png)) as opened:
        return opened.convert("RGBA").getchannel("A")


def wanted(size: tuple[int, int]) -> Image.Image:
    """The same strokes as the pen alone draws them, cut and as large."""
    picture = Image.new("L", (WIDE, HIGH))
    signed(ImageDraw.Draw(picture), 255)
    found = picture.getbbox()
    assert found is not None
    return picture.crop(found).resize((size[0] - 8, size[1] - 8), Image.Resampling.LANCZOS)


def covered(mask: Image.Image) -> int:
    return mask.point(lambda value: 255 if value > 127 else 0).histogram()[255]


@pytest.mark.parametrize("ink", [(40, 50, 140), (30, 30, 32), (150, 30, 40)], ids=["blue", "black", "red"])
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_photograph_of_a_signature_becomes_blue_strokes_on_nothing(ink: object, form: str) -> None:
    made = inking.signature(photograph(ink=ink, form=form))
    with Image.open(io.BytesIO(made.png)) as opened:
        assert opened.format == "PNG"
        assert opened.size == (made.width, made.height)
        assert {colour[:3] for _, colour in opened.convert("RGBA").getcolors(1 << 20)} == {BLUE}
    assert made.width <= inking.SIGNATURE_SIZE[0] + 8
    assert made.height <= inking.SIGNATURE_SIZE[1] + 8
    assert len(made.png) <= inking.MOST_BYTES
    found = strength(made).crop((4, 4, made.width - 4, made.height - 4))
    drawn = wanted((made.width, made.height))
    both = covered(ImageChops.darker(found, drawn))
    assert both > 0.8 * covered(drawn)  # every stroke
    assert both > 0.7 * covered(found)  # and little else: no paper, no dust, no desk


def test_nothing_is_left_of_the_paper() -> None:
    mask = strength(inking.signature(photograph()))
    assert mask.histogram()[0] > 0.8 * mask.width * mask.height
    assert [mask.getpixel(corner) for corner in ((0, 0), (mask.width - 1, 0), (0, mask.height - 1))] == [
        0
    ] * 3


def test_what_was_drawn_on_a_screen_comes_on_nothing_and_stays() -> None:
    drawn = Image.new("RGBA", (900, 300))
    ImageDraw.Draw(drawn).line([(x / 2, y / 3) for x, y in curve()], fill=(*BLUE, 255), width=6)
    made = inking.signature(saved(drawn))
    assert made.width > 330
    assert strength(made).getextrema() == (0, 255)


def test_a_signature_cut_off_close_keeps_the_stroke_at_the_edge() -> None:
    whole = Image.open(io.BytesIO(photograph(form="PNG")))
    close = whole.crop((260, 280, 960, 580))
    mask = strength(inking.signature(saved(close)))
    assert mask.crop((0, 0, 40, mask.height)).getextrema()[1] > 200


@pytest.mark.parametrize("name", ["minh", "hoa", "lan", "ngoc"])
def test_small_pictures_stay_small_and_scarcely_change_when_taken_again(name: str) -> None:
    once = inking.signature(demo_pictures.hand(name))
    again = inking.signature(once.png)
    assert max(len(once.png), len(again.png)) < 12_000
    assert again.width == pytest.approx(once.width, abs=12)


def blank(_pen: ImageDraw.ImageDraw, _ink: object) -> None:
    """Nothing was written."""


def printed(pen: ImageDraw.ImageDraw, ink: object) -> None:
    for line in range(10, 790, 14):
        pen.rectangle((40, line, WIDE - 40, line + 9), fill=ink)


def dot(pen: ImageDraw.ImageDraw, ink: object) -> None:
    pen.ellipse((500, 400, 530, 420), fill=ink)


@pytest.mark.parametrize(
    "data",
    [
        photograph(blank),
        photograph(printed),
        photograph(dot),
        saved(Image.new("RGB", (600, 400), "white")),
        saved(Image.new("RGB", (600, 400), "black")),
        saved(Image.new("RGBA", (600, 400))),
        saved(Image.effect_noise((600, 400), 40)),
        saved(Image.new("L", (1, 1))),
        b"",
        b"%PDF-1.7",
        saved(Image.new("RGB", (600, 400), "white"), "GIF"),
    ],
    ids=["paper", "print", "dot", "white", "black", "nothing", "noise", "pixel", "empty", "pdf", "gif"],
)
def test_what_is_no_signature_is_refused_with_what_to_do(data: bytes) -> None:
    for take in (inking.signature, inking.seal):
        with pytest.raises(Invalid) as refusal:
            take(data)
        assert "tải lại" in refusal.value.sentence.vi or "thử lại" in refusal.value.sentence.vi


def test_a_picture_too_large_is_refused_before_it_is_read() -> None:
    for data in (
        saved(Image.new("1", (8000, 6000))),
        bytes(pictures.BYTE_LIMIT + 1),
    ):
        with pytest.raises(TooLarge):
            inking.signature(data)


def stamped(paper: int = 246) -> Image.Image:
    """The demo's seal as red impression on a larger sheet."""
    with Image.open(io.BytesIO(demo_pictures.seal("TRƯỜNG TIỂU HỌC ĐỒNG MAI", "DẤU MẪU"))) as opened:
        shape = opened.convert("L")
    sheet = Image.new("RGB", (1100, 1000), (paper, paper, paper - 12))
    sheet.paste((205, 40, 50), (200, 150), ImageChops.invert(shape))
    return sheet


def test_the_impression_of_a_seal_becomes_red_and_is_cut_to_its_rim() -> None:
    made = inking.seal(saved(stamped().filter(ImageFilter.GaussianBlur(0.8)), "JPEG"))
    with Image.open(io.BytesIO(made.png)) as opened:
        assert {colour[:3] for _, colour in opened.convert("RGBA").getcolors(1 << 20)} == {RED}
    assert made.width == pytest.approx(made.height, abs=2)
    assert max(made.width, made.height) <= inking.SEAL_SIZE[0]
    assert len(made.png) <= inking.MOST_BYTES
    mask = strength(made)
    middle = made.width // 2
    edges = [(middle, 2), (middle, made.height - 3), (2, middle), (made.width - 3, middle)]
    assert all(mask.getpixel(at) > 150 for at in edges)  # the rim touches all four sides
    assert mask.getpixel((3, 3)) == 0


def test_the_marks_over_small_letters_of_a_seal_stay() -> None:
    made = strength(inking.seal(saved(stamped())))
    with Image.open(io.BytesIO(demo_pictures.seal("TRƯỜNG TIỂU HỌC ĐỒNG MAI", "DẤU MẪU"))) as opened:
        shape = ImageChops.invert(opened.convert("L"))
    rim = shape.point(lambda value: 255 if value > 96 else 0).getbbox()
    shape = shape.crop(rim).resize(made.size, Image.Resampling.LANCZOS)
    lost = ImageChops.subtract(shape, made.filter(ImageFilter.MaxFilter(3)))
    assert covered(lost) < 0.0002 * covered(shape)


def test_what_is_not_round_is_no_seal() -> None:
    sheet = Image.new("RGB", (900, 500), "white")
    ImageDraw.Draw(sheet).rectangle((100, 100, 800, 400), outline=(200, 30, 40), width=20)
    with pytest.raises(Invalid) as refusal:
        inking.seal(saved(sheet))
    assert "dấu tròn" in refusal.value.sentence.vi
