"""A picture someone uploads becomes a picture of our own: decoded within limits and encoded anew.

Nothing of the original file survives but its pixels: no metadata, no profile, no transparency, no second
frame. Runs in the intake pool, for a decoder is the usual way into a server. Where pictures are stored and
who may see them is not decided here.
"""

from __future__ import annotations

import io
import struct

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from models.errors import Invalid, TooLarge
from models.text import Text

BYTE_LIMIT = 10 * 1024 * 1024
PIXEL_LIMIT = 40_000_000
"""Checked before decoding; a phone's camera has 12 to 50 million."""
LONGEST_SIDE = 1600
"""Pixels: 27 cm at 150 dots per inch, more than a page is wide."""
PNG_LIMIT = 600_000
"""Bytes: a drawing stays PNG, a photograph that would be larger becomes JPEG."""
FORMATS = ("PNG", "JPEG", "WEBP")


def accept(data: bytes) -> bytes:
    """The picture upright, at most 1600 pixels long, on white, as PNG or JPEG in sRGB.

    Raises TooLarge (10 MB, 40 million pixels) or Invalid (not PNG, JPEG or WebP, or broken).
    """
    picture, lossless = read(data)
    return _encoded(picture, lossless=lossless)


def read(data: bytes) -> tuple[Image.Image, bool]:
    """The same before it is encoded anew, and whether it came as PNG. Raises as `accept` does."""
    if len(data) > BYTE_LIMIT:
        raise TooLarge(
            Text(
                "Ảnh lớn hơn 10 MB. Hãy giảm cỡ ảnh rồi tải lại.",
                "The picture is larger than 10 MB. Make it smaller and upload it again.",
            )
        )
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            _refuse_large(opened)
            lossless = opened.format == "PNG"
            opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # a JPEG is decoded no larger than needed
            opened.load()
            return _plain(opened), lossless
    except Image.DecompressionBombError as error:
        raise TooLarge(_TOO_MANY_PIXELS) from error
    except UnidentifiedImageError as error:
        raise (Invalid(_HEIC) if _is_heic(data) else _unreadable()) from error
    except (ValueError, TypeError) as error:
        raise _unreadable() from error
    except (OSError, SyntaxError, EOFError, struct.error, IndexError, KeyError, OverflowError) as error:
        raise _unreadable() from error


def _refuse_large(picture: Image.Image) -> None:
    width, height = picture.size
    if width * height > PIXEL_LIMIT:
        raise TooLarge(
            Text(
                f"Ảnh có {width} × {height} điểm, quá 40 triệu điểm. Hãy giảm cỡ ảnh rồi tải lại.",
                f"The picture has {width} × {height} pixels, over 40 million. Make it smaller and retry.",
            )
        )


def _is_heic(data: bytes) -> bool:
    """The box every such file begins with (ISO 23008-12, 10.2)."""
    return data[4:8] == b"ftyp" and data[8:12] in {b"heic", b"heix", b"heim", b"hevc", b"mif1", b"msf1"}


def _plain(picture: Image.Image) -> Image.Image:
    """Upright, small, opaque, sRGB or grey; the first frame of an animation."""
    profile = picture.info.get("icc_profile")
    upright = ImageOps.exif_transpose(picture)
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    if upright.has_transparency_data:
        seen = upright.convert("RGBA")
        upright = Image.new("RGB", seen.size, "white")
        upright.paste(seen, mask=seen.getchannel("A"))
    elif upright.mode.startswith("I"):  # 16 bits a pixel: convert() would clip, not scale
        upright = upright.point(lambda value: value / 256).convert("L")
    if upright.mode != "L":
        upright = _in_srgb(upright, profile)
    return Image.frombytes(upright.mode, upright.size, upright.tobytes())  # leaves every note behind


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    if profile and picture.mode in ("RGB", "CMYK"):
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            shown = ImageCms.profileToProfile(
                picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
        except (ImageCms.PyCMSError, OSError, ValueError):
            shown = None  # a broken profile costs the exact colours, not the picture
        if shown is not None:
            return shown
    return picture.convert("RGB")


def _encoded(picture: Image.Image, *, lossless: bool) -> bytes:
    output = io.BytesIO()
    if lossless:
        picture.save(output, "PNG", optimize=True)
        if output.tell() <= PNG_LIMIT:
            return output.getvalue()
        output = io.BytesIO()
    picture.save(output, "JPEG", quality=85, optimize=True)
    return output.getvalue()


def _unreadable() -> Invalid:
    return Invalid(
        Text(
            "Không đọc được ảnh này. Hãy dùng ảnh PNG, JPEG hoặc WebP, hoặc lưu lại ảnh rồi thử lại.",
            "This picture cannot be read. Use a PNG, JPEG or WebP, or save the picture again and retry.",
        )
    )


_TOO_MANY_PIXELS = Text(
    "Ảnh có quá 40 triệu điểm. Hãy giảm cỡ ảnh rồi tải lại.",
    "The picture has over 40 million pixels. Make it smaller and upload it again.",
)
_HEIC = Text(
    "Đây là ảnh HEIC của iPhone, hệ thống không đọc được. Chụp màn hình ảnh ấy rồi tải ảnh chụp màn hình "
    "lên; hoặc vào Cài đặt, Camera, Định dạng, chọn “Tương thích nhất” rồi chụp lại.",
    "This is an iPhone's HEIC picture, which cannot be read here. Take a screenshot of it and upload that; "
    "or choose “Most Compatible” under Settings, Camera, Formats, and take the picture again.",
)
