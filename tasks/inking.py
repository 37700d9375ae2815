"""Ink on paper becomes a picture that can be laid on a page: transparent, in one colour, small.

A signature, photographed, scanned or drawn on a screen, turns blue; the impression of the school's seal
turns red (Decree 30/2020, Phụ lục I, II.7d and II.8). What is light is taken away however unevenly the paper
was lit. The uploaded file is read as `tasks/pictures.py` reads every picture; this runs in the intake pool.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field

from PIL import Image, ImageChops, ImageFilter, ImageMath

from models.errors import Invalid
from models.text import Text
from tasks import pictures

BLUE, RED = (0x1D, 0x3F, 0x9A), (0xB3, 0x12, 0x1D)
SIGNATURE_SIZE = (600, 260)
"""Pixels: 50 mm, the widest a signature stands on the page, at 300 to the inch."""
SEAL_SIZE = (480, 480)
"""Pixels: 36 mm at 340 to the inch."""
MOST_BYTES = 30_000
"""Of one picture: every signature carries it again."""
_LEAST_WIDE, _LEAST_HIGH = 80, 24
"""Pixels of the ink itself; less would stand on paper as steps."""
_SHADES = 16
"""Steps between nothing and full ink; so few press small and none is seen."""
_SPECK = 4
"""Cells (of 400 along the longer side) that dust covers at most; the mark over a letter covers more."""
_STROKES = 10
"""So many pieces make up the better half of a signature, and of a seal with its rims."""
_ROUND = 0.85
"""How much narrower than high, or lower than wide, the impression of a round seal may come out."""


@dataclass(frozen=True, slots=True)
class Ink:
    """A PNG of one colour on nothing, cut to the ink; `width` and `height` in pixels."""

    png: bytes = field(repr=False)
    width: int
    height: int


def signature(data: bytes) -> Ink:
    """The signature on an uploaded picture, in blue.

    Raises TooLarge or Invalid as `pictures.accept` does; Invalid too where no signature can be made out.
    """
    mask = _cut(_cover(pictures.read(data)[0]), SIGNATURE_SIZE)
    share = _amount(mask)
    if not 0.01 < share < 0.6:
        raise Invalid(_NO_SIGNATURE)
    return _encoded(mask, BLUE, 4)


def seal(data: bytes) -> Ink:
    """The impression of a round seal on an uploaded picture, in red, cut to its rim.

    Raises as `signature` does; Invalid where what is on the picture is not round.
    """
    mask = _cut(_cover(pictures.read(data)[0]), SEAL_SIZE)
    if not _ROUND < mask.width / mask.height < 1 / _ROUND or not 0.02 < _amount(mask) < 0.8:
        raise Invalid(_NO_SEAL)
    return _encoded(mask, RED, 0)


def _cover(picture: Image.Image) -> Image.Image:
    """How much ink lies at each pixel, 0 to 255: darker than the paper around it by more than its grain."""
    light = _darkest(picture)
    even = _evenly_lit(light)
    limit = _between(even.histogram())
    if limit is None:
        raise Invalid(_NO_INK)
    # Full from the limit down, nothing half-way up to the paper: the soft edge a pen leaves.
    none = limit + (250 - limit) * 0.45
    full = limit * 0.8
    scale = 255 / max(1.0, none - full)
    return even.point(lambda value: round(min(255.0, max(0.0, (none - value) * scale))))


def _darkest(picture: Image.Image) -> Image.Image:
    """The darkest of the three colours: blue, black and red ink are all dark in one of them."""
    if picture.mode == "L":
        return picture
    red, green, blue = picture.convert("RGB").split()
    return ImageChops.darker(ImageChops.darker(red, green), blue)


def _evenly_lit(light: Image.Image) -> Image.Image:
    """The picture divided by the paper's own light, which is the lightest around each place."""
    small = light.copy()
    small.thumbnail((200, 200), Image.Resampling.BOX)
    paper = small.filter(ImageFilter.MaxFilter(15)).filter(ImageFilter.GaussianBlur(8))
    paper = paper.resize(light.size, Image.Resampling.BILINEAR)
    smooth = light.filter(ImageFilter.GaussianBlur(0.7))
    divided = ImageMath.lambda_eval(
        lambda by: by["convert"](by["min"](by["ink"] * 255 / by["max"](by["paper"], 1), 255), "L"),
        ink=smooth.convert("I"),
        paper=paper.convert("I"),
    )
    assert isinstance(divided, Image.Image)
    return divided


def _between(counts: list[int]) -> int | None:
    """The lightness that parts ink from paper (Otsu 1979); None where there is no ink to tell from paper."""
    total, weighed = sum(counts), sum(value * count for value, count in enumerate(counts))
    best, limit = 0.0, None
    below, below_weighed = 0, 0
    for value, count in enumerate(counts[:-1]):
        below += count
        below_weighed += value * count
        if not 0 < below < total:
            continue
        dark, bright = below_weighed / below, (weighed - below_weighed) / (total - below)
        spread = below * (total - below) * (bright - dark) ** 2
        if spread > best and bright - dark > 40:
            best, limit = spread, value
    return limit


def _cut(cover: Image.Image, most: tuple[int, int]) -> Image.Image:
    """The ink alone, without specks and the edges of the paper, no larger than `most`."""
    kept = ImageChops.multiply(cover, _drawn(cover))
    # A hand that trembles, a sensor's noise: what is hardly there is nothing.
    found = kept.point(lambda value: 255 if value > 96 else 0).getbbox()
    if found is None:
        raise Invalid(_NO_INK)
    mask = kept.crop(found)
    if mask.width < _LEAST_WIDE and mask.height < _LEAST_HIGH * 2:
        raise Invalid(_TOO_SMALL)
    mask.thumbnail(most, Image.Resampling.LANCZOS)
    return mask


def _drawn(cover: Image.Image) -> Image.Image:
    """A mask of what was drawn: no specks of dust, none of what comes in from the edge of the picture."""
    factor = max(1, max(cover.size) // 400)
    coarse = cover.reduce(factor).point(lambda value: 255 if value > 72 else 0)
    patches = _patches(coarse)
    wanted = [patch for patch in patches if not patch.beside(*coarse.size)] or patches
    sizes = sorted((len(patch.cells) for patch in wanted), reverse=True)
    if sum(sizes[:_STROKES]) * 2 < sum(sizes):
        raise Invalid(_NO_INK)  # grain, or print
    mask = bytearray(coarse.width * coarse.height)
    for patch in wanted:
        if len(patch.cells) >= _SPECK:
            for place in patch.cells:
                mask[place] = 255
    drawn = Image.frombytes("L", coarse.size, bytes(mask))
    return drawn.filter(ImageFilter.MaxFilter(5)).resize(cover.size, Image.Resampling.BILINEAR)


@dataclass(slots=True)
class _Patch:
    """Dark cells that hang together, corner to corner; `edge` of them lie at the picture's edge."""

    cells: list[int] = field(default_factory=list)
    edge: int = 0

    def beside(self, width: int, height: int) -> bool:
        """Is it the desk beside the paper, a finger, or a printed line, and not a stroke that was cut off?"""
        if self.edge > max(8, (width + height) // 20):
            return True
        columns = [place % width for place in self.cells]
        rows = [place // width for place in self.cells]
        wide, high = max(columns) - min(columns) + 1, max(rows) - min(rows) + 1
        return (wide == width and high * 10 < height) or (high == height and wide * 10 < width)


def _patches(coarse: Image.Image) -> list[_Patch]:
    width, height = coarse.size
    dark = bytearray(coarse.tobytes())
    found = []
    for start in range(len(dark)):
        if not dark[start]:
            continue
        dark[start] = 0
        patch, waiting = _Patch(), [start]
        while waiting:
            at = waiting.pop()
            patch.cells.append(at)
            x, y = at % width, at // width
            patch.edge += x in (0, width - 1) or y in (0, height - 1)
            for row in range(max(0, y - 1), min(height, y + 2)):
                for beside in range(row * width + max(0, x - 1), row * width + min(width, x + 2)):
                    if dark[beside]:
                        dark[beside] = 0
                        waiting.append(beside)
        found.append(patch)
    return found


def _amount(mask: Image.Image) -> float:
    """The share of the picture that is ink, 0 to 1."""
    counts = mask.histogram()
    return sum(value * count for value, count in enumerate(counts)) / (255 * mask.width * mask.height)


def _encoded(mask: Image.Image, colour: tuple[int, int, int], border: int) -> Ink:
    """A palette of one colour in `_SHADES` strengths; smaller in pixels until it is small in bytes."""
    size = mask.size
    while True:
        shades = Image.new("L", (mask.width + 2 * border, mask.height + 2 * border))
        shades.paste(mask, (border, border))
        picture = shades.point(lambda value: round(value / 255 * (_SHADES - 1)))
        picture = Image.frombytes("P", picture.size, picture.tobytes())
        picture.putpalette(list(colour) * _SHADES)
        strengths = bytes(round(shade * 255 / (_SHADES - 1)) for shade in range(_SHADES))
        output = io.BytesIO()
        picture.save(output, "PNG", optimize=True, bits=4, transparency=strengths)
        if output.tell() <= MOST_BYTES:
            return Ink(output.getvalue(), *picture.size)
        size = (size[0] * 4 // 5, size[1] * 4 // 5)
        mask = mask.resize(size, Image.Resampling.LANCZOS)


_NO_INK = Text(
    "Không thấy nét mực trên ảnh này. Ký bằng bút mực đậm trên giấy trắng, chụp gần và đủ sáng, rồi tải lại.",
    "No ink can be made out. Sign with a dark pen on white paper, take the picture from near and in good "
    "light, and upload it again.",
)
_NO_SIGNATURE = Text(
    "Ảnh này không giống một chữ ký: quá nhiều hoặc quá ít nét mực. Chụp riêng chữ ký trên giấy trắng, không "
    "lẫn chữ in hay đường kẻ, rồi tải lại.",
    "This does not look like a signature: there is too much or too little ink. Take a picture of the "
    "signature alone on white paper, without print or lines, and upload it again.",
)
_TOO_SMALL = Text(
    "Chữ ký trên ảnh quá nhỏ nên in ra sẽ vỡ nét. Chụp gần hơn rồi tải lại.",
    "The signature is too small on this picture to be printed well. Take the picture from nearer and upload "
    "it again.",
)
_NO_SEAL = Text(
    "Không thấy hình dấu tròn trên ảnh này. Đóng dấu rõ nét lên giấy trắng, quét hoặc chụp thẳng từ trên "
    "xuống, chỉ lấy riêng hình dấu, rồi tải lại.",
    "No round seal can be made out. Stamp it clearly on white paper, scan it or take the picture from "
    "straight above, the seal alone, and upload it again.",
)
