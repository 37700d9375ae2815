"""Minutes and appeals by page and by API, and who sees them: those concerned and responsible, nobody else."""

from __future__ import annotations

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlmodel import col, select

from models.document import Document
from models.school import SchoolSetting
from service.app import create_app
from tests import found
from tests.cast import PASSWORD, PIN, Cast
from tests.found import REMEDY, TUESDAY
from tests.service.reading import People, Reader
from tests.states import archive

SEES = {"lan", "binh", "hoa", "lien", "minh", "ngoc"}
"""The person concerned, the inspector, head and deputy of the group, principal and vice principal."""
SEES_NOT = {"mai", "son", "huong", "thu", "admin", "teacher_b", "principal_b"}


@pytest.fixture
def school(cast: Cast) -> Cast:
    found.lessons(cast)
    return cast


@pytest.fixture
def client(cast: Cast) -> TestClient:
    return TestClient(create_app(cast.office.settings, cast.office), base_url="http://testserver/api/v1")


def enter(client: TestClient, name: str) -> dict[str, str]:
    token = client.post("/token", data={"username": name, "password": PASSWORD}).json()["access_token"]
    return {"Authorization": f"Bearer {token}"}


# --- the story by page ----------------------------------------------------------------------------------


def test_from_the_desk_to_signed_minutes_by_page(school: Cast, reader: People) -> None:
    paper = found.violation(school)
    desk = reader("binh").get("/")
    assert "Biên bản cần lập" in desk.words and "Phiếu kiểm tra đột xuất lớp 3A" in desk.words
    assert "Biên bản cần lập" not in reader("minh").get("/").words
    assert "Biên bản cần lập" not in reader("lan").get("/").words
    form = desk.send(f"/documents/{paper}/amend")
    assert form.path.endswith("/edit")
    assert form.form("/edit").fields["place"] == "Trường Tiểu học Đồng Mai"
    assert "môn Toán" in form.form("/edit").fields["course"]
    assert "Biên bản cần lập" not in reader("binh").get("/").words  # it is among the drafts now
    typed = {"began": "9h40", "ended": "10h05", "remedy": "In và để tại lớp."}
    wrong = form.send("/edit", "submit", **typed | {"ended": "9h30"})
    assert wrong.status == 422 and "Giờ kết thúc phải sau giờ bắt đầu" in wrong.words
    assert wrong.form("/edit").fields["remedy"] == "In và để tại lớp."
    signing = wrong.send("/edit", "submit", **typed)
    assert signing.path.endswith("/sign")
    done = signing.send("/sign", pin=PIN)
    assert done.status == 200 and "Lập về" in done.words
    minutes = done.path.rpartition("/")[2]

    lan = reader("lan")
    assert "Biên bản kiểm tra đột xuất lớp 3A" in lan.get("/inbox").words
    read = lan.get(f"/documents/{minutes}")
    assert read.all(".paper") and "Phiếu kiểm tra đột xuất lớp 3A" in read.words
    offered = {a.get("href") for a in read.all(".head__a a")}
    assert {f"/documents/{minutes}/{act}" for act in ("agree", "state", "refuse")} <= offered
    asked = lan.get(f"/documents/{minutes}/state")
    assert "Nhiều nhất 1.500 ký tự." in asked.words
    assert asked.tree.xpath("//textarea[@name='note']/@maxlength") == ["1500"]
    long = asked.send("/state", note="Ý kiến rất dài. " * 240, pin=PIN)
    assert long.status == 422 and "nhiều nhất 1.500 ký tự. Rút gọn lại." in long.words
    said = lan.get(f"/documents/{minutes}/state").send("/state", note="Bản in ở tủ lớp.", pin=PIN)
    assert said.status == 200
    minh = reader("minh")
    assert "Ký ghi nhận" in minh.get(f"/documents/{minutes}").words
    noting = minh.get(f"/documents/{minutes}/acknowledge")
    assert "Ghi thêm (không bắt buộc)" in noting.words and "Ký xác nhận" not in noting.words
    noted = noting.send("/acknowledge", note="Nhắc cả tổ in kế hoạch.", pin=PIN)
    assert noted.status == 200 and school.fresh(minutes).number == "01"
    read = minh.get(f"/documents/{minutes}").words
    assert "ký ghi nhận, số 01: “Nhắc cả tổ in kế hoạch.”" in read


def test_a_refusal_by_page_waits_for_its_witness(school: Cast, reader: People) -> None:
    minutes = found.sent(school, found.violation(school))
    path = f"/documents/{minutes}"
    assert reader("mai").get(path).status == 404
    form = reader("lan").get(f"{path}/refuse")
    names = {o.text for o in form.all("#witness option")}
    assert not any("Ngô Văn Bình" in (n or "") or "Nguyễn Thị Lan" in (n or "") for n in names)
    form.send("/refuse", note="Không đồng ý.", witness=school.ids["mai"])
    assert reader("mai").get(path).status == 200  # named as a witness, she must see what she signs for
    reader("mai").get(f"{path}/acknowledge").send("/acknowledge", pin=PIN)
    reader("ngoc").get(f"{path}/acknowledge").send("/acknowledge", pin=PIN)
    read = reader("lan").get(path)
    assert "Không đồng ý." in read.words and "Trần Thị Mai" in read.words
    assert school.fresh(minutes).status == "approved"


def test_an_appeal_by_page_and_the_banner_it_leaves(school: Cast, reader: People) -> None:
    minutes = found.noted(school)
    path = f"/documents/{minutes}"
    lan = reader("lan").get(path)
    assert "Có thể gửi kiến nghị đến hết thứ Ba 01/12." in lan.words
    assert not [f for f in reader("hoa").get(path).tree.forms if "amend" in f.get("action", "")]
    form = lan.send("/amend")
    signing = form.send("/edit", "submit", asks="Xem lại kết luận.", grounds="Bản in có trong tủ.")
    sent = signing.send("/sign", pin=PIN)
    appeal = sent.path.rpartition("/")[2]
    assert "đang chờ giải quyết" in reader("hoa").get(path).words
    decide = reader("ngoc").get(f"/documents/{appeal}/outcome/grant")
    assert "Chấp nhận kiến nghị" in decide.words
    empty = decide.send("/outcome/grant", note=" ", pin=PIN)
    assert empty.status == 422
    empty.send("/outcome/grant", note="Đã thấy bản in trong tủ.", pin=PIN)
    with school.office.db.read() as session:
        paper = session.exec(select(Document.id).where(col(Document.type) == "spot-check")).one()
    for who in ("lan", "binh", "hoa", "minh"):
        for shown in (minutes, paper):
            page = reader(who).get(f"/documents/{shown}")
            assert "Kết luận này đã được hủy" in page.words, who
            assert [a for a in page.all("#appealed a") if a.get("href") == f"/documents/{appeal}"], who
    with school.office.db.read() as session:
        check = found.check_of(session, paper).id
    for who in ("lan", "binh", "hoa", "minh"):
        receipt = reader(who).get(f"/spot/{check}/sent")
        assert "Kết luận đã hủy theo kiến nghị" in receipt.words, who
        assert [a for a in receipt.all("#finding a") if a.get("href") == f"/documents/{appeal}"], who
    totals = reader("mai").get("/spot")
    assert "Kết luận đã hủy theo kiến nghị" in totals.words and "Nguyễn Thị Lan" not in totals.words
    assert "Biên bản cần lập" not in reader("binh").get("/").words


def test_after_the_last_day_the_button_is_gone_and_the_page_says_why(school: Cast, reader: People) -> None:
    minutes = found.noted(school)
    path = f"/documents/{minutes}"
    before = reader("lan").get(path)
    with time_machine.travel("2026-12-02 00:00:01+07:00", tick=True):
        lan, hoa = Reader(school, "lan"), Reader(school, "hoa")
        late = lan.get(path)
        assert not [f for f in late.tree.forms if "amend" in f.get("action", "")]
        assert "Hết hạn gửi đơn kiến nghị: hạn đến hết ngày 01/12/2026." in late.words
        token = late.tree.xpath("//input[@name='csrf']/@value")[0]
        refused = lan.post(f"{path}/amend", [("csrf", token)])
        assert refused.status == 409 and "Hết hạn" in refused.words
        assert "Hết hạn" not in hoa.get(path).words  # only whom it concerns is told
    assert [f for f in before.tree.forms if "amend" in f.get("action", "")]


def test_the_school_sets_the_days_for_an_appeal(school: Cast, reader: People) -> None:
    page = reader("admin").get("/admin/school")
    assert "Giáo viên được kiến nghị về biên bản trong bao nhiêu ngày làm việc" in page.words
    page.send("/admin/school/rules", **{"appeal.working_days": "7"})
    with school.office.db.read() as session:
        kept = session.get(SchoolSetting, (school.school_id, "appeal"))
    assert kept is not None and kept.value == {"working_days": 7}
    assert "hết thứ Năm 03/12" in reader("lan").get(f"/documents/{found.noted(school)}").words


# --- who sees what --------------------------------------------------------------------------------------


def papers(school: Cast) -> dict[str, str]:
    """A check, its minutes and the appeal, each at its end."""
    minutes = found.noted(school)
    appeal = found.appealed(school, minutes)
    school.act("ngoc", appeal, "reject", note="Đã xem.")
    with school.office.db.read() as session:
        paper = session.exec(select(Document.id).where(col(Document.type) == "spot-check")).one()
    return {"spot-check": paper, "violation-minutes": minutes, "appeal": appeal}


def test_only_those_concerned_and_responsible_see_them_anywhere(
    school: Cast, reader: People, client: TestClient
) -> None:
    made = papers(school)
    for who in sorted(SEES | SEES_NOT):
        browser, token = reader(who), enter(client, who)
        seen = who in SEES
        for slug, document in made.items():
            for path in ("", "/events", "/pdf", "/pages/1.webp"):
                status = browser.get(f"/documents/{document}{path}").status
                assert (status == 200) == seen, (who, slug, path, status)
            assert (client.get(f"/documents/{document}", headers=token).status_code == 200) == seen
            listed = client.get(f"/documents?type={slug}", headers=token).json()["items"]
            assert (document in {d["id"] for d in listed}) == seen, (who, slug)
            found_ = client.get("/documents?q=3A", headers=token).json()["items"]
            assert (document in {d["id"] for d in found_}) == seen, (who, slug)
        rows = browser.get("/documents.csv").source
        assert ("Biên bản kiểm tra đột xuất" in rows) == seen, who
        assert ("Đơn kiến nghị" in rows) == seen, who


def test_the_clerk_keeps_archived_minutes_and_sees_no_others(school: Cast, reader: People) -> None:
    made = papers(school)
    minutes = made["violation-minutes"]
    assert reader("thu").get(f"/documents/{minutes}").status == 404
    archive(school, minutes)
    assert school.fresh(minutes).status == "archived"
    thu = reader("thu")
    assert thu.get(f"/documents/{minutes}").status == 200
    assert minutes in thu.get("/documents?type=violation-minutes").source
    for other in (made["spot-check"], made["appeal"]):
        assert thu.get(f"/documents/{other}").status == 404
    assert reader("mai").get(f"/documents/{minutes}").status == 404


def test_no_page_of_a_colleague_names_who_was_checked(school: Cast, reader: People) -> None:
    papers(school)
    for who in ("mai", "huong", "thu"):
        for path in ("/", "/documents", "/inbox", "/board", "/flags", "/spot"):
            page = reader(who).get(path)
            if page.status == 200:
                for told in ("lớp 3A, tiết 2", "đột xuất lớp"):
                    assert told not in page.words, (who, path, told)


def test_a_draft_of_minutes_is_its_inspectors_alone(school: Cast, reader: People) -> None:
    draft = found.minutes(school, found.violation(school))
    for who in ("lan", "hoa", "minh", "ngoc", "mai"):
        assert reader(who).get(f"/documents/{draft}").status == 404, who
    assert reader("binh").get(f"/documents/{draft}").status == 200


# --- by API ---------------------------------------------------------------------------------------------


def test_the_whole_way_by_api(school: Cast, client: TestClient) -> None:
    paper = found.violation(school)
    binh, lan, minh, ngoc = (enter(client, who) for who in ("binh", "lan", "minh", "ngoc"))
    asked = {"type": "violation-minutes", "about": paper, "fields": {}}
    assert client.post("/documents", json=asked, headers=lan).status_code == 403
    made = client.post("/documents", json=asked, headers=binh)
    assert made.status_code == 201, made.text
    minutes = made.json()
    assert "môn Toán" in minutes["fields"]["course"]
    fields = minutes["fields"] | {
        "began": "09:40",
        "ended": "10:05",
        "remedy": "In và để tại lớp.",
        "remedy_by": REMEDY.isoformat(),
    }
    path = f"/documents/{minutes['id']}"
    kept = client.patch(
        path, json={"content_version": minutes["content_version"], "fields": fields}, headers=binh
    )
    assert kept.status_code == 200, kept.text

    def act(who: dict[str, str], action: str, **more: str) -> dict:
        version = client.get(path, headers=who).json()["version"]
        done = client.post(
            f"{path}/actions/{action}", json={"version": version, "pin": PIN, **more}, headers=who
        )
        assert done.status_code == 200, done.text
        return done.json()

    act(binh, "submit")
    act(binh, "sign")
    assert set(client.get(path, headers=lan).json()["actions"]) == {"agree", "state", "refuse"}
    act(lan, "agree")
    noted = act(minh, "acknowledge")
    assert (noted["status"], noted["appeal"], noted["about"]) == ("approved", None, paper)
    until = client.get(path, headers=lan).json()["notes_until"]
    assert until == "2026-12-02T00:00:00+07:00"
    appeal = client.post(
        "/documents",
        json={
            "type": "appeal",
            "about": minutes["id"],
            "fields": {"asks": "<p>Xem lại.</p>", "grounds": "<p>Có bản in.</p>"},
        },
        headers=lan,
    )
    assert appeal.status_code == 201, appeal.text
    minutes_path, path = path, f"/documents/{appeal.json()['id']}"
    act(lan, "submit")
    act(lan, "sign")
    act(ngoc, "grant", note="Đúng.")
    said = client.get(minutes_path, headers=lan).json()["appeal"]
    assert (said["state"], said["document"]) == ("granted", appeal.json()["id"])
    with school.office.db.read() as session:
        assert found.check_of(session, paper).finding == "annulled"
    assert TUESDAY < REMEDY
