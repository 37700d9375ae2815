"""`hososo spot verify`: a published draw recomputed from its file alone, without server or database."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from flows.spot_draw import recompute
from models.errors import RecordsError
from models.text import Text

FAULTY = 2
"""Exit code of a draw that does not fit what was published."""


class NotADraw(RecordsError):
    """The file is none of a draw, or its seed is not published yet."""

    code = "not-a-draw"


def verify(path: Path, tell: Callable[[Text], None], say: Callable[[str], None]) -> int:
    """Say whether list and seed fit the hashes, and what the seed draws; the exit code."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        text, digest, sealed, seed = (found[n] for n in ("pool", "pool_sha256", "commitment", "seed"))
        if seed is None:
            raise NotADraw(_NO_SEED)
        drawn = recompute(text, digest, sealed, bytes.fromhex(seed))
    except OSError as error:
        raise NotADraw(_NO_FILE.format(path=path)) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotADraw(_NO_DRAW.format(path=path)) from error
    tell(_FITS if drawn.fits else _NOT_POOL if not drawn.pool_fits else _NOT_SEED)
    for slot in drawn.draws:
        say(slot)
    return 0 if drawn.fits else FAULTY


_FITS = Text(
    "Khớp: danh sách và số bí mật đúng như đã công bố. Các tiết được rút:",
    "It fits: list and seed are those that were published. What is drawn:",
)
_NOT_POOL = Text(
    "Không khớp: danh sách khác với mã băm đã công bố. Rút từ danh sách này thì được:",
    "It does not fit: the list is not the one of the published hash. From this list the seed draws:",
)
_NOT_SEED = Text(
    "Không khớp: số bí mật khác với mã băm đã công bố. Với số này thì rút được:",
    "It does not fit: the seed is not the one of the published hash. This seed draws:",
)
_NO_SEED = Text(
    "Đợt rút chưa kết thúc nên chưa có số bí mật. Tải lại tệp sau khi số bí mật được công bố.",
    "The draw is not over, so its seed is not published. Download the file again once it is.",
)
_NO_FILE = Text(
    "Không đọc được tệp {path}. Kiểm tra đường dẫn.", "Cannot read the file {path}. Check its path."
)
_NO_DRAW = Text(
    "Tệp {path} không phải là tệp của một đợt rút. Tải draw.json từ trang của đợt rút.",
    "The file {path} is none of a draw. Download draw.json from the page of the draw.",
)
