"""Files people upload, good and bad, made by code: nothing foreign lies in the repository."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from random import Random

import pikepdf
from pikepdf import Array, Dictionary, Name
from PIL import Image

A4 = (595.276, 841.89)
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_OFFICE = "application/vnd.openxmlformats-officedocument"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"


# --- PDF ---------------------------------------------------------------------------------------------------


def _written(source: pikepdf.Pdf, **how: object) -> bytes:
    output = io.BytesIO()
    source.save(output, **{"static_id": True, **how})  # type: ignore[arg-type]
    return output.getvalue()


def _blank(pages: int = 1, size: tuple[float, float] = A4) -> pikepdf.Pdf:
    made = pikepdf.new()
    for number in range(1, pages + 1):
        page = made.add_blank_page(page_size=size)
        made_font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
        page.obj.Resources = Dictionary(Font=Dictionary(F1=made_font))
        page.obj.Contents = made.make_stream(b"BT /F1 24 Tf 72 700 Td (Trang %d) Tj ET" % number)
    return made


def pdf(pages: int = 1, size: tuple[float, float] = A4) -> bytes:
    """Pages that say their number."""
    return _written(_blank(pages, size))


def heavy_pdf(megabytes: int) -> bytes:
    """A page with a picture of noise: nothing of it can be packed."""
    made, side = _blank(), 1000
    noise = Random(megabytes).randbytes(side * side * megabytes)
    picture = made.make_stream(
        noise,
        Type=Name.XObject,
        Subtype=Name.Image,
        Width=side,
        Height=side * megabytes,
        ColorSpace=Name.DeviceGray,
        BitsPerComponent=8,
    )
    made.pages[0].obj.Resources.XObject = Dictionary(P=picture)
    made.pages[0].obj.Contents = made.make_stream(b"q 400 0 0 600 90 100 cm /P Do Q")
    return _written(made)


def scripted_pdf() -> bytes:
    """Everything a PDF can do to who opens it: scripts, programs, links, an attached program, a form."""
    made = _blank()
    page = made.pages[0].obj
    script = Dictionary(S=Name.JavaScript, JS="app.alert('chao')")
    made.Root.OpenAction = made.make_indirect(script)
    made.Root.AA = Dictionary(WC=Dictionary(S=Name.JavaScript, JS="this.print()"))
    made.attachments["virus.exe"] = b"MZ this program"
    made.Root.Names.JavaScript = Dictionary(Names=Array(["run", made.make_indirect(script)]))
    page.AA = Dictionary(O=Dictionary(S=Name.Launch, F="calc.exe"))
    look = made.make_stream(
        b"0 0 1 rg 0 0 200 30 re f", Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 200, 30]
    )
    field = made.make_indirect(
        Dictionary(
            Type=Name.Annot,
            Subtype=Name.Widget,
            FT=Name.Tx,
            T="ten",
            V="Lan",
            Rect=[72, 600, 272, 630],
            AP=Dictionary(N=look),
            A=Dictionary(S=Name.SubmitForm, F="http://127.0.0.1:9/x"),
        )
    )
    link = Dictionary(
        Type=Name.Annot,
        Subtype=Name.Link,
        Rect=[0, 0, 99, 99],
        A=Dictionary(S=Name.URI, URI="http://127.0.0.1:9/"),
    )
    page.Annots = Array([field, made.make_indirect(link)])
    made.Root.AcroForm = Dictionary(Fields=Array([field]))
    return _written(made)


def hidden_layer_pdf() -> bytes:
    """A layer its author switched off, a black square nobody shall see, beside a small one."""
    made = _blank()
    layer = made.make_indirect(Dictionary(Type=Name.OCG, Name="nhap"))
    made.Root.OCProperties = Dictionary(
        OCGs=Array([layer]), D=Dictionary(OFF=Array([layer]), Order=Array([layer]))
    )
    page = made.pages[0].obj
    page.Resources.Properties = Dictionary(L1=layer)
    page.Contents = made.make_stream(b"/OC /L1 BDC 0 g 100 100 300 300 re f EMC 50 50 9 9 re f")
    return _written(made)


def locked_pdf(user: str = "") -> bytes:
    """With a password; an empty one for the reader still leaves restrictions."""
    return _written(_blank(), encryption=pikepdf.Encryption(owner="bimat", user=user), static_id=False)


def xfa_pdf() -> bytes:
    made = _blank()
    made.Root.AcroForm = Dictionary(Fields=Array([]), XFA=made.make_stream(b"<xdp/>"))
    return _written(made)


def _packed_content(made: pikepdf.Pdf, packed: bytes, filters: pikepdf.Object) -> bytes:
    stream = made.make_stream(b"")
    stream.write(packed, filter=filters)
    made.pages[0].obj.Contents = stream
    return _written(made, stream_decode_level=pikepdf.StreamDecodeLevel.none, compress_streams=False)


def bomb_pdf(layers: int = 1) -> bytes:
    """A page whose drawing unpacks to 300 MB, packed once or twice."""
    packed = b" " * 300_000_000
    for _ in range(layers):
        packed = zlib.compress(packed, 9)
    return _packed_content(_blank(), packed, Array([Name.FlateDecode] * layers))


def broken_drawing_pdf() -> bytes:
    """A sound file whose page is damaged inside."""
    return _packed_content(_blank(), b"\x78\x9cnot packed at all", Array([Name.FlateDecode]))


def huge_picture_pdf() -> bytes:
    """A picture that says it has 40,000 times 40,000 pixels."""
    made = _blank()
    picture = made.make_stream(
        zlib.compress(b"\x00" * 1000),
        Type=Name.XObject,
        Subtype=Name.Image,
        Width=40000,
        Height=40000,
        ColorSpace=Name.DeviceGray,
        BitsPerComponent=8,
        Filter=Name.FlateDecode,
    )
    made.pages[0].obj.Resources.XObject = Dictionary(P=picture)
    return _written(made, stream_decode_level=pikepdf.StreamDecodeLevel.none)


def hanging_pdf() -> bytes:
    """A drawing that calls a drawing that calls a drawing, thirty times each: small, and never drawn."""
    made = _blank()
    inner = made.make_stream(
        b"0 0 m 500 500 l S " * 50, Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 600, 900]
    )
    for _ in range(7):
        inner = made.make_stream(
            b"/X Do " * 30,
            Type=Name.XObject,
            Subtype=Name.Form,
            BBox=[0, 0, 600, 900],
            Resources=Dictionary(XObject=Dictionary(X=inner)),
        )
    made.pages[0].obj.Resources.XObject = Dictionary(X=inner)
    made.pages[0].obj.Contents = made.make_stream(b"/X Do")
    return _written(made)


# --- Word --------------------------------------------------------------------------------------------------


def p(text: str, *, bold: bool = False) -> str:
    """A paragraph in Times New Roman."""
    font = '<w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:cs="Times New Roman"/>'
    look = f"<w:rPr>{font}{'<w:b/>' if bold else ''}<w:sz w:val='28'/></w:rPr>"
    return f'<w:p><w:r>{look}<w:t xml:space="preserve">{text}</w:t></w:r></w:p>'


def table(*rows: Sequence[str]) -> str:
    """A table with lines; a row of one cell spans two columns."""
    edge = "".join(
        f'<w:{s} w:val="single" w:sz="4"/>' for s in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    cells = ""
    for row in rows:
        span = (
            '<w:tcPr><w:gridSpan w:val="2"/></w:tcPr>'
            if len(row) == 1
            else '<w:tcPr><w:tcW w:w="4700"/></w:tcPr>'
        )
        cells += "<w:tr>" + "".join(f"<w:tc>{span}{p(cell)}</w:tc>" for cell in row) + "</w:tr>"
    grid = '<w:tblGrid><w:gridCol w:w="4700"/><w:gridCol w:w="4700"/></w:tblGrid>'
    return f"<w:tbl><w:tblPr><w:tblBorders>{edge}</w:tblBorders></w:tblPr>{grid}{cells}</w:tbl>"


LESSON = (
    p("KẾ HOẠCH BÀI DẠY", bold=True)
    + p("Thứ Hai ngày 30 tháng 11 năm 2026")
    + p("Môn: Toán – Lớp 3A – Số tiết: 1")
    + p("Bài 28: Bài toán giải bằng hai bước tính", bold=True)
    + p("I. YÊU CẦU CẦN ĐẠT", bold=True)
    + p("- Giải được bài toán có lời văn bằng hai bước tính.")
    + p("II. ĐỒ DÙNG DẠY HỌC", bold=True)
    + p("- GV: bảng phụ. HS: vở nháp.")
    + p("III. CÁC HOẠT ĐỘNG DẠY HỌC CHỦ YẾU", bold=True)
    + table(
        ("Hoạt động của giáo viên", "Hoạt động của học sinh"),
        ("1. Khởi động (5 phút)",),
        ("- Tổ chức trò chơi “Ai nhanh hơn”.", "- Cả lớp tham gia."),
        ("2. Luyện tập, thực hành (25 phút)",),
        ("- Giao bài 1, bài 2.", "- Làm bài vào vở, chữa bài."),
    )
    + p("IV. ĐIỀU CHỈNH SAU BÀI DẠY", bold=True)
    + p("……………………………………")
)
SECOND_LESSON = (
    p("KẾ HOẠCH BÀI DẠY", bold=True)
    + p("Môn: Tiếng Việt, lớp 3A")
    + p("Tên bài dạy: Đọc: Sông Hương")
    + p("1. Yêu cầu cần đạt: đọc đúng, rõ ràng.")
    + p("2. Đồ dùng dạy học")
    + p("Tranh minh họa.")
    + p("3. Các hoạt động dạy học chủ yếu")
    + table(("GV", "HS"), ("Đọc mẫu.", "Lắng nghe."))
)


def word(
    body: str = LESSON,
    *,
    links: Sequence[tuple[str, str, str]] = (),
    parts: Mapping[str, bytes | str] | None = None,
    main: str = "wordprocessingml.document.main+xml",
    settings: str = "",
) -> bytes:
    """A .docx; `links` are (id, kind, target) to outside, `parts` further parts by name."""
    output = io.BytesIO()
    relations = "".join(
        f'<Relationship Id="{key}" Type="{R}/{kind}" Target="{target}" TargetMode="External"/>'
        for key, kind, target in links
    )
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(
            "[Content_Types].xml",
            '<?xml version="1.0" encoding="UTF-8"?>'
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            '<Default Extension="png" ContentType="image/png"/>'
            f'<Override PartName="/word/document.xml" ContentType="{_OFFICE}.{main}"/></Types>',
        )
        made.writestr(
            "_rels/.rels",
            _relations(f'<Relationship Id="r1" Type="{R}/officeDocument" Target="word/document.xml"/>'),
        )
        made.writestr(
            "word/document.xml",
            f'<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="{W}" xmlns:r="{R}" '
            'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
            'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
            'xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture">'
            f'<w:body>{body}<w:sectPr><w:pgSz w:w="11906" w:h="16838"/></w:sectPr></w:body></w:document>',
        )
        made.writestr("word/_rels/document.xml.rels", _relations(relations))
        for name, content in (parts or {}).items():
            made.writestr(name, content)
    return output.getvalue()


def _relations(inner: str) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="{_RELATIONS}">{inner}</Relationships>'
    )


def picture(where: str) -> str:
    """A picture in the text; `where` is `r:embed="…"` or `r:link="…"`."""
    extent = '<wp:extent cx="1000000" cy="1000000"/><wp:docPr id="1" name="anh"/>'
    fill = f"<pic:blipFill><a:blip {where}/><a:stretch><a:fillRect/></a:stretch></pic:blipFill>"
    named = '<pic:nvPicPr><pic:cNvPr id="1" name="anh"/><pic:cNvPicPr/></pic:nvPicPr>'
    shape = (
        '<pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="1000000" cy="1000000"/></a:xfrm>'
        '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr>'
    )
    data = '<a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture">'
    return (
        f"<w:p><w:r><w:drawing><wp:inline>{extent}<a:graphic>{data}<pic:pic>{named}{fill}{shape}</pic:pic>"
        "</a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>"
    )


def reaching_word(address: str) -> bytes:
    """A Word file that would fetch a picture, a template and, by a field in pieces, another picture."""
    field = (
        '<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> INCLUDE</w:instrText></w:r>'
        f'<w:r><w:instrText>PICTURE "{address}/field.png" \\d </w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>anh</w:t></w:r>'
        '<w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>'
    )
    return word(
        LESSON + picture('r:link="rPic"') + field,
        links=(
            ("rPic", "image", f"{address}/linked.png"),
            ("rTpl", "attachedTemplate", f"{address}/mau.dotm"),
        ),
    )


def dated_word(shown: str) -> bytes:
    """A Word file with the fields of today's date and of its own name, which showed something else once."""
    fields = "".join(
        f'<w:r><w:t xml:space="preserve">{before}</w:t></w:r><w:fldSimple w:instr="{instruction}"><w:r><w:t>'
        f"{result}</w:t></w:r></w:fldSimple>"
        for before, instruction, result in (("Ngày ", "DATE", shown), (", tệp ", "FILENAME", "giao-an.docx"))
    )
    return word(f"{LESSON}<w:p>{fields}<w:r><w:t>.</w:t></w:r></w:p>")


def png(width: int = 40, height: int = 30) -> bytes:
    output = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(output, "PNG")
    return output.getvalue()


def illustrated_word() -> bytes:
    """A lesson with a picture of its own."""
    made = io.BytesIO(word(LESSON + picture('r:embed="rOwn"')))
    return _with_relation(made.getvalue(), "rOwn", "image", "media/anh.png", {"word/media/anh.png": png()})


def _with_relation(document: bytes, key: str, kind: str, target: str, parts: Mapping[str, bytes]) -> bytes:
    output = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(document)) as source,
        zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for name in source.namelist():
            if name != "word/_rels/document.xml.rels":
                made.writestr(name, source.read(name))
        made.writestr(
            "word/_rels/document.xml.rels",
            _relations(f'<Relationship Id="{key}" Type="{R}/{kind}" Target="{target}"/>'),
        )
        for name, content in parts.items():
            made.writestr(name, content)
    return output.getvalue()


def plain_zip() -> bytes:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as made:
        made.writestr("bai.txt", "Bài dạy")
    return output.getvalue()


def open_document() -> bytes:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as made:
        made.writestr("mimetype", "application/vnd.oasis.opendocument.text")
    return output.getvalue()


def bomb_word() -> bytes:
    """250 MB of nothing in a part, some hundred kilobytes packed."""
    return word(parts={"word/media/anh.bin": b"\x00" * 250_000_000})


def entity_word() -> bytes:
    """A billion laughs in the text."""
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    declared = f'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY l0 "ha">{laughs}]>'
    evil = f'{declared}<w:document xmlns:w="{W}"><w:body>&l9;</w:body></w:document>'
    return word(parts={"word/footnotes.xml": evil})


def long_word(paragraphs: int) -> bytes:
    """So much text that laying it out takes a while."""
    return word(p("Nội dung rất dài của một kế hoạch. " * 6) * paragraphs)


def _ole(stream: str) -> bytes:
    """The container of an old Office file with one stream of that name in its table of contents."""
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 16 + struct.pack("<HHH", 0x3E, 3, 0xFFFE)
    return (
        header.ljust(512, b"\x00")
        + "Root Entry".encode("utf-16-le").ljust(128, b"\x00")
        + stream.encode("utf-16-le")
    )


def old_doc() -> bytes:
    return _ole("WordDocument").ljust(4096, b"\x00")


def locked_word() -> bytes:
    return _ole("EncryptedPackage").ljust(4096, b"\x00")


def truncated(data: bytes) -> bytes:
    return data[: len(data) * 2 // 3]
