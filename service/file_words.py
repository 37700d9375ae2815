"""What pages and answers say of an uploaded file: where the content comes from, what was done with it."""

from __future__ import annotations

from typing import Any

from models.text import Text
from models.upload import Upload
from tasks.recognising import REMOVED, WARNINGS

STATES = {
    "receiving": Text("Đang tải lên", "Being uploaded"),
    "waiting": Text("Chờ chuyển đổi", "Waiting to be converted"),
    "converting": Text("Đang chuyển đổi", "Being converted"),
    "ready": Text("Là nội dung của hồ sơ", "The content of the record"),
    "taken": Text("Đã lấy chữ vào biểu mẫu", "Its text is in the form"),
    "refused": Text("Không nhận", "Refused"),
}


def removed(codes: list[str]) -> Text | None:
    """`Đã bỏ: mã lệnh, liên kết.`; None when nothing was."""
    known = [REMOVED[code] for code in codes if code in REMOVED]
    if not known:
        return None
    return Text(
        f"Đã bỏ ra khỏi bản dùng trong hồ sơ: {', '.join(t.vi for t in known)}.",
        f"Left out of what the record uses: {', '.join(t.en for t in known)}.",
    )


def warnings(codes: list[str]) -> list[Text]:
    """What the author should look at."""
    return [WARNINGS[code] for code in codes if code in WARNINGS]


def file_words(body: Upload | None) -> dict[str, Any]:
    """The names a template uses beside `body`."""
    return {
        "file_removed": removed(body.removed) if body else None,
        "file_warnings": warnings(body.warnings) if body else [],
    }


def sentence(upload: Upload) -> Text:
    """Why a file was refused."""
    return Text(upload.sentence_vi, upload.sentence_en)


def answer(upload: Upload | None) -> dict[str, Any] | None:
    """An upload as the API and the scripts have it."""
    if upload is None:
        return None
    refused = upload.state == "refused"
    gone = removed(upload.removed)
    return {
        "id": upload.id,
        "state": upload.state,
        "label": {"vi": STATES[upload.state].vi, "en": STATES[upload.state].en},
        "name": upload.name,
        "size": upload.size,
        "received": upload.received,
        "sha256": upload.sha256,
        "kind": upload.kind,
        "pages": upload.pages,
        "lessons": upload.lessons,
        "removed": {
            "codes": list(upload.removed),
            "vi": gone.vi if gone else "",
            "en": gone.en if gone else "",
        },
        "warnings": [{"vi": t.vi, "en": t.en} for t in warnings(upload.warnings)],
        "detail": upload.sentence_vi if refused else None,
        "detail_en": upload.sentence_en if refused else None,
    }
