"""Pictures for the demo's signatures: invented strokes, and a seal that says it is none."""

from __future__ import annotations

import io
import math
import random
from itertools import pairwise

from PIL import Image, ImageDraw, ImageFont

from tasks import fonts

_FINE = 2
"""Drawn so many times larger and made small, for soft edges."""


def hand(name: str) -> bytes:
    """A signature nobody has, as a PNG on white; the same name gives the same strokes."""
    chance = random.Random(name)  # noqa: S311  # strokes, not secrets
    width, height = 900 * _FINE, 380 * _FINE
    picture = Image.new("L", (width, height), 255)
    pen = ImageDraw.Draw(picture)
    for stroke in (_letters(chance, width, height), _flourish(chance, width, height)):
        for (x, y), (to_x, to_y) in pairwise(stroke):
            speed = math.hypot(to_x - x, to_y - y) / _FINE
            thick = _FINE * max(4.0, 10.0 - speed * 0.55)  # a quick pen leaves a thin line
            pen.line((x, y, to_x, to_y), fill=0, width=round(thick))
            pen.ellipse((to_x - thick / 2, to_y - thick / 2, to_x + thick / 2, to_y + thick / 2), fill=0)
    output = io.BytesIO()
    picture.resize((width // _FINE, height // _FINE), Image.Resampling.LANCZOS).save(output, "PNG")
    return output.getvalue()


def _letters(chance: random.Random, width: int, height: int) -> list[tuple[float, float]]:
    """A tall first letter, then loops and points that grow smaller along a rising line."""
    loops, tall = chance.uniform(2.2, 6.5), chance.uniform(0.26, 0.44)
    lean, begun, wide = chance.uniform(-0.2, 0.6), chance.uniform(0, 2 * math.pi), chance.uniform(0.25, 0.75)
    sway, rise = chance.uniform(0.6, 1.9), chance.uniform(0.02, 0.2)
    points = []
    for step in range(480):
        along = step / 480
        turn = begun + along * loops * 2 * math.pi
        size = height * (tall * (1 - along) ** 1.4 + 0.07)
        y = height * (0.56 - rise * along) - size * math.sin(turn) * (1 + 0.3 * math.sin(turn * sway))
        x = (
            width * (0.14 + 0.62 * along)
            + size * wide * math.cos(turn * sway)
            + lean * (height * 0.5 - y) * 0.5
        )
        points.append((x, min(max(y, height * 0.04), height * 0.95)))
    return points


def _flourish(chance: random.Random, width: int, height: int) -> list[tuple[float, float]]:
    """The long stroke back under the name and out to the right."""
    low, bow, back = chance.uniform(0.7, 0.88), chance.uniform(-0.1, 0.2), chance.uniform(0.35, 0.6)
    points = []
    for step in range(260):
        along = step / 260
        x = width * (0.78 - 2 * back * along if along < 0.5 else 0.78 - back + (back + 0.1) * (2 * along - 1))
        y = height * (low - bow * math.sin(along * math.pi) + 0.1 * math.sin(along * 2 * math.pi))
        points.append((x, y))
    return points


def seal(around: str, within: str) -> bytes:
    """A round seal as a PNG on white: words around a star, and below it what it is worth."""
    side = 640 * _FINE
    middle = side / 2
    picture = Image.new("L", (side, side), 255)
    pen = ImageDraw.Draw(picture)
    for radius, thick in ((0.495, 0.016), (0.465, 0.006), (0.315, 0.006)):
        edge = side * radius
        box = (middle - edge, middle - edge, middle + edge, middle + edge)
        pen.ellipse(box, outline=0, width=round(side * thick))
    _around(picture, around, side * 0.39, side * 0.085)
    star = [
        (
            middle + side * (0.15 if point % 2 == 0 else 0.06) * math.sin(point * math.pi / 5),
            side * 0.42 - side * (0.15 if point % 2 == 0 else 0.06) * math.cos(point * math.pi / 5),
        )
        for point in range(10)
    ]
    pen.polygon(star, fill=0)
    font = _font(side * 0.062)
    for number, line in enumerate(within.split("\n")):
        pen.text((middle, side * (0.6 + 0.07 * number)), line, font=font, fill=0, anchor="mm")
    output = io.BytesIO()
    picture.resize((side // _FINE, side // _FINE), Image.Resampling.LANCZOS).save(output, "PNG")
    return output.getvalue()


def _around(picture: Image.Image, words: str, radius: float, size: float) -> None:
    """The words clockwise from the lower left, each letter upright on the circle."""
    font, middle = _font(size), picture.width / 2
    total = sum(font.getlength(letter) for letter in words)
    squeeze = min(1.0, 2 * math.pi * radius * 0.97 / total)
    angle = -total * squeeze / radius / 2
    for letter in words:
        wide = font.getlength(letter)
        angle += wide * squeeze / radius / 2
        tile = Image.new("L", (round(size * 2), round(size * 2)), 0)
        ImageDraw.Draw(tile).text((size, size), letter, font=font, fill=255, anchor="mm")
        tile = tile.resize((max(1, round(tile.width * squeeze)), tile.height))
        turned = tile.rotate(-math.degrees(angle), Image.Resampling.BICUBIC, expand=True)
        x, y = middle + radius * math.sin(angle), middle - radius * math.cos(angle)
        at = (round(x - turned.width / 2), round(y - turned.height / 2))
        picture.paste(0, at, turned)
        angle += wide * squeeze / radius / 2


def _font(size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(fonts.FOLDER / "LiberationSerif-Bold.ttf"), round(size))
