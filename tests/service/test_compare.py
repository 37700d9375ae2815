"""Two revisions side by side, and the changes beside the record one reviews."""

from __future__ import annotations

from tests.cast import Cast
from tests.service.reading import People
from tests.service.test_notes import keys_of, resubmit, sent


def test_the_changes_are_told_framed_and_compared(cast: Cast, reader: People) -> None:
    document = sent(cast, lessons=2)
    cast.act("hoa", document.id, "return", note="Sửa.", parts={keys_of(document)[0]: "Số phút."})

    def change(lessons: list[dict]) -> None:
        lessons[0]["phases"][1]["minutes"] = 14
        lessons[1]["equipment"] = "<p><strong>- Bảng phụ.</strong></p>"
        lessons.append(lessons[1] | {"id": "ffff0001", "title": "Bài thêm", "requirements": "<p>Mới.</p>"})

    resubmit(cast, document.id, change)
    hoa = reader("hoa")
    page = hoa.get("/inbox")
    told = [" ".join(" ".join(d.itertext()).split()) for d in page.all(".diff")]
    assert told[0] == "Bài dạy 1 · Hoạt động 2 · Số phút bỏ: 30 thêm: 14"
    assert told[1].endswith("Chữ không đổi; đổi định dạng hoặc ảnh.")
    assert told[2].startswith("Bài dạy 3 Thêm thêm: Toán · 3A · Bài thêm")
    assert [a.get("href") for a in page.all(".diff a")] == ["#p2", "#p3", "#p4"]
    regions = hoa.client.get(page.tree.get_element_by_id("f-h").get("data-changed")).json()["pages"]
    assert {"2", "3", "4"} <= set(regions)  # bold letters are drawn differently
    side = hoa.get(f"/documents/{document.id}/compare?page=2")
    framed = [f.text_content() for f in side.all("figure")]
    assert "Bản 1" in framed[0] and "1 chỗ bỏ hoặc đổi" in framed[0] and "1 chỗ thêm hoặc đổi" in framed[1]
    assert len(side.all("figure rect")) == 4
    assert hoa.get(side.path + "?page=99").status == 200
    for name, status in (("lan", 200), ("mai", 404), ("teacher_b", 404)):
        assert reader(name).get(side.path).status == status, name
        assert reader(name).get(f"/documents/{document.id}/changed").status == status, name
    for wrong in ("from=2&to=1", "from=1&to=9", "from=2&to=2"):
        assert hoa.get(f"{side.path}?{wrong}").status == 404, wrong


def test_a_first_revision_has_nothing_to_be_compared_with(cast: Cast, reader: People) -> None:
    document = sent(cast, lessons=1)
    hoa = reader("hoa")
    assert hoa.get(f"/documents/{document.id}/compare").status == 404
    assert "Khác bản" not in hoa.get("/inbox").words
