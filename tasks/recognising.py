"""What an uploaded file is, by its first bytes and never by its name alone; the limits every upload keeps.

Looks at a few thousand bytes and runs anywhere. Whether a file is sound inside is found out in a child
(`tasks/converting.py`).
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Literal

from models.errors import Invalid, TooLarge
from models.text import Text

Kind = Literal["pdf", "docx", "ole"]
"""`ole`: the container of .doc, and of .docx with a password; `tasks/converting.py` says which."""

BYTE_LIMIT = 30 * 1024 * 1024
PAGE_LIMIT = 300
HEAD = 8192
"""Bytes from the beginning that `recognise` wants."""

MEDIA_TYPES: dict[Kind, str] = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
_NAMES: dict[Kind, str] = {"pdf": "PDF", "docx": "Word (.docx)"}
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM", b"II*\x00", b"MM\x00*")


def refuse_size(size: int) -> None:
    """TooLarge above 30 MB, Invalid for nothing at all; `size` in bytes."""
    if size > BYTE_LIMIT:
        raise TooLarge(TOO_LARGE)
    if size <= 0:
        raise Invalid(
            Text(
                "Tệp trống, không có nội dung. Mở lại tệp trên máy, lưu lần nữa rồi tải lên.",
                "The file is empty. Open it on the device, save it again, then upload it.",
            )
        )


TOO_LARGE = Text(
    "Tệp lớn hơn 30 MB. Trong Word: nén ảnh (chọn ảnh → Định dạng → Nén ảnh) rồi lưu lại; "
    "hoặc chia thành nhiều hồ sơ.",
    "The file is larger than 30 MB. Compress its pictures (in Word: Picture Format → Compress), save it "
    "and upload it again, or divide it.",
)


def recognise(head: bytes, name: str) -> Kind:
    """PDF or DOCX; Invalid with the way out for anything else, or when the name says another kind."""
    kind = _kind(head)
    says = PurePosixPath(name.lower()).suffix
    if kind != "ole" and says in (".pdf", ".docx") and says != f".{kind}":
        raise Invalid(
            Text(
                f"Tên tệp có đuôi {says} nhưng bên trong là tệp {_NAMES[kind]}. "
                f"Đổi đuôi tên tệp thành .{kind} rồi tải lại.",
                f"The file is named {says} but holds {_NAMES[kind]}. "
                f"Rename it to end in .{kind} and upload it again.",
            )
        )
    return kind


def _kind(head: bytes) -> Kind:
    if b"%PDF-" in head[:1024]:
        return "pdf"
    if head.startswith(b"PK\x03\x04"):
        return "docx"
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return "ole"
    if head.startswith(_PICTURES) or head[8:12] == b"WEBP" or head[4:8] == b"ftyp":
        raise Invalid(
            Text(
                "Đây là tệp ảnh hoặc phim, không phải văn bản. Chèn ảnh vào tệp Word rồi tải tệp Word lên; "
                "bản chụp nhiều trang thì lưu thành một tệp PDF.",
                "This is a picture or a film. Put pictures into a Word file and upload that; "
                "save photographed pages as one PDF.",
            )
        )
    if head.startswith(b"{\\rtf"):
        raise Invalid(
            Text(
                "Đây là tệp RTF. Mở bằng Word, chọn Lưu thành → Word (.docx) hoặc PDF, rồi tải lại.",
                "This is an RTF file. Open it in Word, save it as Word (.docx) or PDF, and upload that.",
            )
        )
    raise Invalid(
        Text(
            "Chỉ nhận tệp Word (.docx) hoặc PDF; tệp này không phải. Mở bằng chương trình đã tạo ra nó, "
            "lưu thành .docx hoặc PDF rồi tải lại.",
            "Only Word (.docx) and PDF files are taken; this is neither. Open it in the program it was made "
            "with, save it as .docx or PDF, and upload that.",
        )
    )


OLD_WORD = Text(
    "Đây là tệp Office đời cũ (.doc, .xls). Trên máy tính: mở bằng Word, chọn Tệp → Lưu thành → Word (.docx) "
    "hoặc PDF. Trên điện thoại: mở bằng Google Tài liệu, chọn ⋮ → Chia sẻ và xuất → Lưu dưới dạng → Word "
    "(.docx). Rồi tải tệp mới lên.",
    "This is a file of an old Office (.doc, .xls). On a computer: open it in Word and choose File → Save As "
    "→ Word (.docx) or PDF. On a phone: open it in Google Docs and choose ⋮ → Share & export → Save as → "
    "Word (.docx). Then upload the new file.",
)
PASSWORD = Text(
    "Tệp có mật khẩu hoặc bị khóa quyền nên không dùng được. Bỏ mật khẩu, lưu lại rồi tải lên.",
    "The file has a password or restrictions, so it cannot be used. Remove them, save it, and upload it "
    "again.",
)
SIGNED = Text(
    "Tệp đã có chữ ký số; đưa vào hồ sơ thì chữ ký đó sẽ hỏng. Tải lên bản chưa ký: hồ sơ được ký ở đây.",
    "The file is digitally signed already; taking it into the record would break that signature. "
    "Upload the unsigned file: the record is signed here.",
)
DAMAGED = Text(
    "Tệp bị hỏng hoặc bị cắt ngang, không đọc được hết. Mở lại tệp trên máy, lưu hoặc xuất lại, rồi tải lên.",
    "The file is damaged or cut short and cannot be read whole. Open it on the device, save or export it "
    "again, then upload it.",
)
BLANK = Text(
    "Tệp chỉ có trang trắng, không có nội dung nào. Mở lại tệp trên máy, xem có đúng tệp không, rồi tải lên.",
    "The file has nothing but blank pages. Open it on the device, see whether it is the right one, and "
    "upload it again.",
)
BOMB = Text(
    "Tệp giải nén ra lớn quá mức cho phép nên bị từ chối. Lưu hoặc xuất lại tệp bằng Word rồi tải lên.",
    "Unpacked, the file is far larger than allowed and was refused. Save or export it again with Word, "
    "then upload it.",
)


def too_many_pages(pages: int) -> TooLarge:
    return TooLarge(
        Text(
            f"Tệp có {pages} trang, nhiều nhất {PAGE_LIMIT} trang. Chia thành nhiều tệp, mỗi hồ sơ một tệp.",
            f"The file has {pages} pages, at most {PAGE_LIMIT} are taken. Divide it, one file for each "
            f"record.",
        )
    )


REMOVED: dict[str, Text] = {
    "scripts": Text("mã lệnh (JavaScript)", "scripts (JavaScript)"),
    "actions": Text("lệnh mở chương trình hoặc gửi dữ liệu", "actions that start programs or send data"),
    "attachments": Text("tệp đính kèm bên trong", "files attached inside"),
    "media": Text("phim, âm thanh", "films and sounds"),
    "forms": Text("ô điền biểu mẫu (chữ đã điền vẫn còn)", "form fields (what is filled in stays)"),
    "comments": Text("khung ghi chú (phần nhìn thấy vẫn còn)", "comment boxes (what is visible stays)"),
    "unseen": Text(
        "ghi chú, nét vẽ thêm mà tệp không kèm hình", "notes and marks the file holds no picture of"
    ),
    "links": Text("liên kết", "links"),
    "external": Text("ảnh, mẫu lấy từ nơi khác", "pictures and templates fetched from elsewhere"),
    "macros": Text("macro", "macros"),
    "fields": Text("trường lấy nội dung từ tệp khác", "fields that take text from other files"),
}
"""What cleaning may take out of a file, by its code."""

WARNINGS: dict[str, Text] = {
    "old-fonts": Text(
        "Tệp dùng phông chữ cũ (.VnTime, VNI): chữ được chuyển sang Unicode, phông Times New Roman. Xem kỹ "
        "các trang trước khi ký; chỗ nào sai thì sửa trong Word rồi tải lại.",
        "The file uses old fonts (.VnTime, VNI): its text was converted to Unicode in Times New Roman. Look "
        "at the pages before signing; what is wrong, mend in Word and upload again.",
    ),
    "fonts-outside": Text(
        "Tệp PDF không kèm hết phông chữ: chữ có thể hiện sai. Xem kỹ các trang; nếu sai, mở tệp gốc, xuất "
        "lại PDF có nhúng phông rồi tải lên.",
        "The PDF lacks some of its fonts: letters may come out wrong. Look at the pages; if so, export the "
        "PDF again with fonts embedded and upload that.",
    ),
    "changing-fields": Text(
        "Tệp có chỗ tự đổi (ngày giờ hiện tại, tên tệp, tên người soạn): đã giữ đúng chữ hiện ra khi lưu tệp "
        "lần cuối. Xem lại các chỗ đó; nếu sai, gõ lại bằng chữ thường trong Word rồi tải lại.",
        "The file has places that change by themselves (today’s date, the file’s name, its author): the "
        "words they showed when last saved were kept. Look at them; what is wrong, type as text in Word "
        "and upload again.",
    ),
    "tracked": Text(
        "Tệp còn dấu sửa đổi (Track Changes) chưa chấp nhận. Muốn bản sạch: trong Word chọn Xem lại → Chấp "
        "nhận mọi thay đổi, lưu rồi tải lại.",
        "The file holds tracked changes that were not accepted. For a clean copy: in Word choose Review → "
        "Accept All Changes, save it and upload it again.",
    ),
    "equations": Text(
        "Công thức được viết lại thành chữ thường (phân số thành 3/4). Đối chiếu với tệp Word.",
        "Equations were written as plain text (fractions as 3/4). Compare them with the Word file.",
    ),
    "pictures-left-out": Text(
        "Một số ảnh, hình vẽ hoặc bảng quá lớn không đọc được và đã bỏ ra. Đối chiếu với tệp Word.",
        "Some pictures, drawings or very large tables could not be read and were left out. Compare with the "
        "Word file.",
    ),
}
"""What the author should look at, by its code."""
