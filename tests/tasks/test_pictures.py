"""Uploaded pictures: whatever arrives, an upright, opaque, small picture without a past leaves."""

from __future__ import annotations

import contextlib
import io
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from models.errors import Invalid, RecordsError, TooLarge
from tasks.pictures import BYTE_LIMIT, LONGEST_SIDE, accept


def encoded(picture: Image.Image, form: str, **options: object) -> bytes:
    output = io.BytesIO()
    picture.save(output, form, **options)  # type: ignore[arg-type]  # Pillow takes what the format knows
    return output.getvalue()


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def claiming(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header claims any size: a decompression bomb."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_the_three_formats_are_taken(form: str) -> None:
    picture = opened(accept(encoded(Image.new("RGB", (300, 200), (200, 30, 40)), form)))
    assert picture.format == ("PNG" if form == "PNG" else "JPEG")
    assert picture.size == (300, 200)
    assert picture.convert("RGB").getpixel((150, 100)) == pytest.approx((200, 30, 40), abs=4)


@pytest.mark.parametrize("form", ["GIF", "BMP", "TIFF", "PDF", "ICO"])
def test_other_formats_are_refused(form: str) -> None:
    with pytest.raises(Invalid):
        accept(encoded(Image.new("RGB", (30, 20)), form))


@pytest.mark.parametrize("brand", [b"heic", b"mif1"])
def test_a_picture_of_an_iphone_is_refused_with_what_to_do(brand: bytes) -> None:
    """Sent by the camera's app or a computer: a browser's form on the phone itself hands over JPEG."""
    with pytest.raises(Invalid) as refused:
        accept(b"\0\0\0\x18ftyp" + brand + bytes(200))
    assert "HEIC" in refused.value.sentence.vi


def test_a_photograph_is_turned_upright_and_forgets_where_it_was_taken() -> None:
    photograph = Image.new("RGB", (400, 200), "white")
    photograph.paste("red", (0, 0, 200, 200))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn right by 90 degrees
    exif[0x010F] = "Máy ảnh của cô Lan"
    exif.get_ifd(0x8825)[1] = "N"
    picture = opened(accept(encoded(photograph, "JPEG", exif=exif, comment=b"bi mat")))
    assert picture.size == (200, 400)
    top = picture.getpixel((100, 50))
    assert isinstance(top, tuple)
    assert top[0] > 200 > 100 > top[1]
    assert not picture.getexif()
    assert not {"exif", "comment", "icc_profile", "xmp"} & set(picture.info)


def test_transparency_becomes_white_paper() -> None:
    for mode, colour in (("RGBA", (0, 0, 0, 0)), ("LA", (0, 0))):
        picture = opened(accept(encoded(Image.new(mode, (20, 20), colour), "PNG")))
        assert picture.mode in ("RGB", "L")
        assert picture.convert("RGB").getpixel((5, 5)) == (255, 255, 255)
    palette = Image.new("P", (20, 20), 0)
    palette.putpalette([0, 0, 0, 255, 0, 0])
    picture = opened(accept(encoded(palette, "PNG", transparency=0)))
    assert picture.convert("RGB").getpixel((5, 5)) == (255, 255, 255)


def test_colours_of_printing_and_of_sixteen_bits_are_taken_over() -> None:
    assert opened(accept(encoded(Image.new("CMYK", (20, 20), (0, 255, 255, 0)), "JPEG"))).mode == "RGB"
    deep = Image.new("I;16", (20, 20), 32768)
    assert opened(accept(encoded(deep, "PNG"))).convert("L").getpixel((5, 5)) == pytest.approx(128, abs=1)


def test_large_pictures_are_made_small() -> None:
    picture = opened(accept(encoded(Image.new("RGB", (4000, 3000), "green"), "JPEG")))
    assert picture.size == (LONGEST_SIDE, LONGEST_SIDE * 3 // 4)


def test_a_photograph_saved_as_png_does_not_stay_large() -> None:
    noise = Image.effect_noise((1600, 1200), 90).convert("RGB")
    assert opened(accept(encoded(noise, "PNG"))).format == "JPEG"


def test_the_first_picture_of_an_animation_is_taken() -> None:
    frames = [Image.new("RGB", (30, 30), colour) for colour in ("red", "blue")]
    animation = encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    picture = opened(accept(animation))
    assert getattr(picture, "n_frames", 1) == 1
    assert picture.convert("RGB").getpixel((5, 5)) == pytest.approx((255, 0, 0), abs=4)


def test_the_same_picture_gives_the_same_bytes() -> None:
    original = encoded(Image.new("RGB", (200, 100), "navy"), "WEBP")
    assert accept(original) == accept(original)


def test_bombs_and_giants_are_refused_before_they_are_decoded() -> None:
    for size in ((60_000, 60_000), (7_000, 7_000), (2_000_000_000, 1)):
        with pytest.raises((TooLarge, Invalid)):
            accept(claiming(*size))
    with pytest.raises(TooLarge):
        accept(bytes(BYTE_LIMIT + 1))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_broken_pictures_are_refused_or_taken_never_more(data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(["PNG", "JPEG", "WEBP"]))
    whole = bytearray(encoded(Image.radial_gradient("L").resize((40, 30)).convert("RGB"), form))
    for _ in range(data.draw(st.integers(0, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    with contextlib.suppress(RecordsError):
        opened(accept(cut))
