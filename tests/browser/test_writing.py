"""Writing in a real browser: drafts save themselves, nothing typed is lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from playwright.sync_api import Locator, expect

from models.account import Account
from models.document import Document
from models.settings import VIETNAM
from service import second_factor
from service.passes import COOKIE, digest
from tasks import second_factor as totp
from tasks.keys import Secret
from tests.browser.window import Window, put_away, ready, visit
from tests.cast import PASSWORD, Cast
from tests.waiting import until

TITLE = "[name='lessons.0.title']"
COUNT = """() => new Promise(done => indexedDB.open("hososo").onsuccess = e =>
    e.target.result.transaction("drafts").objectStore("drafts").count().onsuccess = r =>
    done(r.target.result))"""


def title(cast: Cast, draft: Document) -> str:
    return str(cast.fresh(draft.id).fields["lessons"][0]["title"])


def paste(surface: Locator, **formats: str) -> None:
    """What Ctrl+V does with this on the clipboard: text, html."""
    surface.evaluate(
        """(target, formats) => {
            const data = new DataTransfer();
            for (const [name, value] of Object.entries(formats)) data.setData(`text/${name}`, value);
            const event = {clipboardData: data, bubbles: true, cancelable: true};
            target.dispatchEvent(new ClipboardEvent("paste", event));
        }""",
        formats,
    )


def test_a_draft_saves_itself_when_the_page_is_put_away(cast: Cast, window: Callable[..., Window]) -> None:
    draft = cast.lesson_plan("lan", 13)
    lan = window("lan")
    visit(lan, f"/documents/{draft.id}/edit")
    lan.page.fill(TITLE, "Tự lưu")
    expect(lan.page.locator("[data-saved]")).to_have_text("Có thay đổi chưa lưu")
    put_away(lan.page)
    expect(lan.page.locator("[data-saved]")).to_contain_text("Đã lưu lúc")
    assert title(cast, draft) == "Tự lưu"
    lan.page.fill(TITLE, "Rồi lưu tay")
    lan.page.click("[data-save]")
    lan.page.wait_for_url("**/edit?saved=1")  # the version the autosave gave is the one sent
    assert title(cast, draft) == "Rồi lưu tay"
    assert lan.complaints == []


def test_a_session_that_ended_is_begun_again_over_the_page(cast: Cast, window: Callable[..., Window]) -> None:
    draft = cast.lesson_plan("lan", 13)
    lan = window("lan")
    visit(lan, f"/documents/{draft.id}/edit")
    lan.page.fill(TITLE, "Không mất")
    lan.page.context.clear_cookies()
    put_away(lan.page)
    dialog = lan.page.get_by_role("dialog", name="Đăng nhập lại")
    expect(dialog.get_by_label("Tên đăng nhập")).to_have_value("lan")
    dialog.get_by_label("Mật khẩu").fill("sai")
    dialog.get_by_role("button", name="Đăng nhập").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Còn 4 lần")
    dialog.get_by_label("Mật khẩu").fill(PASSWORD)
    dialog.get_by_role("button", name="Đăng nhập").click()
    expect(dialog).to_have_count(0)
    expect(lan.page.locator("[data-saved]")).to_contain_text("Đã lưu lúc")
    assert title(cast, draft) == "Không mất"
    lan.page.click("[data-save]")  # the page's forms have the new session's token
    lan.page.wait_for_url("**/edit?saved=1")


def test_the_second_factor_is_asked_for_over_the_page(cast: Cast, window: Callable[..., Window]) -> None:
    office, draft = cast.office, cast.lesson_plan("lan", 13)
    with office.db.read() as session:
        account = session.get_one(Account, cast.ids["lan"])
    secret = second_factor.begin(office, account, office.now())
    lan = window("lan")
    visit(lan, f"/documents/{draft.id}/edit")
    (cookie,) = [c for c in lan.page.context.cookies() if c["name"] == COOKIE]
    step = totp.step_of(office.now())
    code = Secret(totp.code_at(secret, step))
    recovery, *_ = second_factor.enrol(office, account, code, office.now(), digest(cookie["value"]))
    lan.page.fill(TITLE, "Còn nguyên")
    lan.page.context.clear_cookies()
    put_away(lan.page)
    dialog = lan.page.get_by_role("dialog", name="Đăng nhập lại")
    dialog.get_by_label("Mật khẩu").fill(PASSWORD)
    dialog.get_by_role("button", name="Đăng nhập").click()
    asked = dialog.get_by_label("Mã trong ứng dụng xác thực")
    expect(asked).to_be_focused()
    asked.fill(totp.code_at(secret, step))
    lan.page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_be_visible()  # used when it was turned on
    asked.fill(recovery)
    lan.page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(lan.page.locator("[data-saved]")).to_contain_text("Đã lưu lúc")
    assert title(cast, draft) == "Còn nguyên"


def test_what_a_dead_network_and_a_crash_left_is_offered_again(
    cast: Cast, window: Callable[..., Window]
) -> None:
    draft = cast.lesson_plan("lan", 13)
    lan = window("lan", "phone")
    visit(lan, f"/documents/{draft.id}/edit")
    lan.page.context.set_offline(True)
    lan.page.fill(TITLE, "Gõ khi mất mạng")
    typed_at = datetime.fromtimestamp(lan.page.evaluate("Date.now()") / 1000, VIETNAM)
    put_away(lan.page)
    expect(lan.page.locator("[data-saved]")).to_contain_text("giữ trên máy này")
    stored = lan.page.evaluate(
        """() => new Promise(done => indexedDB.open("hososo").onsuccess = e =>
            e.target.result.transaction("drafts").objectStore("drafts").getAll().onsuccess = r =>
            done(JSON.stringify(r.target.result.map(x => [...new Uint8Array(x.sealed)]))))"""
    )
    assert stored != "[]"
    lan.page.close()  # no warning, no good-bye
    lan.page = lan.page.context.new_page()
    lan.page.context.set_offline(False)
    abroad = lan.page.context.new_cdp_session(lan.page)  # a device set to another part of the world
    abroad.send("Emulation.setTimezoneOverride", {"timezoneId": "America/Los_Angeles"})
    visit(lan, f"/documents/{draft.id}/edit")
    assert title(cast, draft) != "Gõ khi mất mạng"
    shown = {f"{typed_at + timedelta(minutes=late):%H:%M %d/%m}" for late in range(3)}
    expect(lan.page.locator("[data-recovered]")).to_be_visible()
    assert lan.page.locator("[data-at]").inner_text() in shown
    lan.page.get_by_role("button", name="Dùng nội dung đó").click()
    lan.page.wait_for_url("**/edit?saved=1")
    assert title(cast, draft) == "Gõ khi mất mạng"
    expect(lan.page.locator("[data-recovered]")).to_be_hidden()


def test_what_arrived_is_not_offered_again(cast: Cast, window: Callable[..., Window]) -> None:
    draft = cast.lesson_plan("lan", 13)
    lan = window("lan")
    for button, onward in (("Xem trước", "**/preview?saved=1"), ("Lưu nháp", "**/edit?saved=1")):
        visit(lan, f"/documents/{draft.id}/edit")
        lan.page.fill(TITLE, f"Gõ rồi bấm {button}")
        lan.page.get_by_role("button", name=button).last.click()
        lan.page.wait_for_url(onward)
        assert title(cast, draft) == f"Gõ rồi bấm {button}"
    visit(lan, f"/documents/{draft.id}/edit")
    expect(lan.page.locator("[data-recovered]")).to_be_hidden()
    until(lambda: lan.page.evaluate(COUNT) == 0, "nothing is left on the device")


def test_two_windows_a_person_chooses_and_signing_out_leaves_nothing(
    cast: Cast, window: Callable[..., Window]
) -> None:
    draft = cast.lesson_plan("lan", 13)
    lan = window("lan")
    visit(lan, f"/documents/{draft.id}/edit")
    other = lan.page.context.new_page()
    other.goto(f"/documents/{draft.id}/edit")
    ready(other)
    other.fill(TITLE, "Cửa sổ hai")
    put_away(other)
    expect(other.locator("[data-saved]")).to_contain_text("Đã lưu lúc")
    lan.page.fill(TITLE, "Cửa sổ một")
    put_away(lan.page)
    expect(lan.page.locator("#clash")).to_contain_text("Cửa sổ hai")
    assert title(cast, draft) == "Cửa sổ hai"
    lan.page.get_by_role("button", name="Chỉ giữ nội dung ở đây").click()
    expect(lan.page.locator("[data-saved]")).to_contain_text("Đã lưu lúc")
    assert title(cast, draft) == "Cửa sổ một"
    lan.page.route(
        "**/edit", lambda route: route.abort() if route.request.method == "PATCH" else route.continue_()
    )
    lan.page.fill(TITLE, "Chưa gửi được")
    put_away(lan.page)
    expect(lan.page.locator("[data-saved]")).to_contain_text("giữ trên máy này")
    lan.page.locator("details.who summary").click()
    asked: list[str] = []
    lan.page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.accept()))
    lan.page.get_by_role("button", name="Đăng xuất").click()
    lan.page.wait_for_url("**/sign-in")
    assert "chưa lưu được" in asked[0]
    until(lambda: lan.page.evaluate(COUNT) == 0, "nothing is left on the device")


def test_cells_of_excel_fill_rows_and_are_taken_back(cast: Cast, window: Callable[..., Window]) -> None:
    draft = cast.team_plan("hoa")
    hoa = window("hoa")
    visit(hoa, f"/documents/{draft.id}/edit")
    cells = "Bài 50\t2\nBài 51\t3\nBài 52\t4"
    hoa.page.click("[name='rows.1.lesson']")
    paste(hoa.page.locator("[name='rows.1.lesson']"), plain=cells)
    expect(hoa.page.locator("[data-laid]")).to_contain_text("Đã dán 3 dòng, thêm 2 dòng.")
    for place in ("[data-laid]", "[name='rows.1.lesson']"):  # the answer comes to where one is
        expect(hoa.page.locator(place)).to_be_in_viewport()
    expect(hoa.page.locator("[name='rows.3.periods']")).to_have_value("4")
    hoa.page.get_by_role("button", name="Hoàn tác").click()
    expect(hoa.page.locator("[name='rows.1.lesson']")).to_have_value("Bài 41")
    expect(hoa.page.locator("[data-list=rows] > [data-row]")).to_have_count(2)
    paste(hoa.page.locator("[name='rows.1.lesson']"), plain=cells)
    expect(hoa.page.locator("[name='rows.3.lesson']")).to_have_value("Bài 52")
    expect(hoa.page.get_by_label("Tên bài học, dòng 4")).to_have_value("Bài 52")
    expect(hoa.page.locator("[data-n]")).to_have_text(["1", "2", "3", "4"])
    put_away(hoa.page)
    expect(hoa.page.locator("[data-saved]")).to_contain_text("Đã lưu lúc")
    rows = cast.fresh(draft.id).fields["rows"]
    assert [(row["lesson"], row["periods"]) for row in rows[1:]] == [
        ("Bài 50", 2),
        ("Bài 51", 3),
        ("Bài 52", 4),
    ]
    assert len({row["id"] for row in rows}) == 4
    assert hoa.complaints == []


def test_every_cell_of_the_teaching_plan_is_wide_enough_to_read(
    cast: Cast, window: Callable[..., Window]
) -> None:
    draft = cast.teacher_plan("lan", 13)
    for size in ("desk", "phone"):
        lan = window("lan", size)
        visit(lan, f"/documents/{draft.id}/edit")
        row = lan.page.locator("[data-list=rows] > [data-row]").first
        for name, words in (("date", "30/11/2026"), ("subject", "Tự nhiên và XH"), ("lesson", "Bài 28. Bài")):
            field = row.locator(f"[name='rows.0.{name}']")
            field.fill(words)
            cut = field.evaluate("input => input.scrollWidth > input.clientWidth")
            assert not cut, (size, name)
        assert lan.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_period_added_goes_on_from_the_one_above(cast: Cast, window: Callable[..., Window]) -> None:
    draft = cast.teacher_plan("lan", 13)
    lan = window("lan")
    visit(lan, f"/documents/{draft.id}/edit")
    rows = lan.page.locator("[data-list=rows] > [data-row]")
    last = rows.count() - 1
    kept = {
        name: lan.page.locator(f"[name='rows.{last}.{name}']").input_value()
        for name in ("date", "session", "class", "subject")
    }
    assert all(kept.values())
    lan.page.get_by_role("button", name="Thêm tiết dạy").click()
    for name, value in (kept | {"period": "", "lesson": ""}).items():
        expect(lan.page.locator(f"[name='rows.{last + 1}.{name}']")).to_have_value(value)


def test_cells_pasted_without_a_network_are_not_heaped_into_one(
    cast: Cast, window: Callable[..., Window]
) -> None:
    draft = cast.teacher_plan("lan", 13)
    lan = window("lan")
    visit(lan, f"/documents/{draft.id}/edit")
    lesson = lan.page.locator("[name='rows.0.lesson']")
    before = lesson.input_value()
    lan.page.context.set_offline(True)
    paste(lesson, plain="Bài 50\tBảng phụ\nBài 51\tTranh")
    expect(lan.page.locator("[data-laid]")).to_contain_text("Chưa dán được")
    expect(lesson).to_have_value(before)
    lan.page.context.set_offline(False)
    paste(lesson, plain="Bài 50\tBảng phụ\nBài 51\tTranh")
    expect(lan.page.locator("[data-laid]")).to_contain_text("Đã dán 2 tiết dạy")
    expect(lan.page.locator("[name='rows.1.lesson']")).to_have_value("Bài 51")


def test_lessons_move_double_and_take_a_table_of_word(cast: Cast, window: Callable[..., Window]) -> None:
    draft = cast.lesson_plan("lan", 13, lessons=cast.lesson_fields(13, 4)["lessons"])
    lan = window("lan", "phone")
    visit(lan, f"/documents/{draft.id}/edit")
    page = lan.page
    page.locator("[data-jump] summary").click()
    page.get_by_role("link", name="Bài 30").click()
    expect(page.locator("#f-lessons-2 > summary")).to_be_focused()
    lesson = page.locator("#f-lessons-2")
    page.fill("[name='lessons.2.title']", "Bài của tôi")
    expect(lesson.locator(".lesson__t")).to_have_text("Bài của tôi")
    lesson.get_by_role("button", name="Lên").click()
    lesson = page.locator("#f-lessons-1")
    expect(lesson.locator(".lesson__t")).to_have_text("Bài của tôi")
    word = """<table><tr><td>Giáo viên</td><td>Học sinh</td></tr>
        <tr><td colspan=2>1. Khởi động (5 phút)</td></tr><tr><td>Hát</td><td>Cả lớp hát</td></tr>
        <tr><td colspan=2>2. Khám phá</td></tr><tr><td>Hỏi</td><td>Đáp</td></tr>
        <tr><td colspan=2>3. Vận dụng</td></tr><tr><td>Dặn dò</td><td>Nghe</td></tr></table>"""
    paste(lesson.locator("div[id='f-lessons-1-phases-0-teacher']"), html=word)
    expect(page.locator("[name='lessons.1.phases.2.name']")).to_have_value("Vận dụng")
    lesson.get_by_role("button", name="Nhân đôi").click()
    twin = page.locator("#f-lessons-2")
    expect(twin.locator("div[id='f-lessons-2-phases-1-pupils']")).to_have_text("Đáp")
    twin.locator("div[id='f-lessons-2-phases-1-pupils']").fill("Đáp khác")
    page.locator("#f-lessons-4 > summary").click()
    page.locator("#f-lessons-4").get_by_role("button", name="Bỏ bài dạy này").click()
    put_away(page)
    expect(page.locator("[data-saved]")).to_contain_text("Đã lưu lúc")
    lessons = cast.fresh(draft.id).fields["lessons"]
    assert [x["title"][:6] for x in lessons] == ["Bài 28", "Bài củ", "Bài củ", "Bài 29"]
    assert [p["pupils"] for p in lessons[1]["phases"]] == ["<p>Cả lớp hát</p>", "<p>Đáp</p>", "<p>Nghe</p>"]
    assert lessons[2]["phases"][1]["pupils"] == "<p>Đáp khác</p>"
    assert len({x["id"] for x in lessons}) == 4
    page.click("[data-save]")
    page.wait_for_url("**/edit?saved=1")
    assert cast.fresh(draft.id).fields["lessons"] == lessons
    assert lan.complaints == []


def test_plain_text_is_pasted_as_it_is_and_a_lost_picture_is_told(
    cast: Cast, window: Callable[..., Window]
) -> None:
    draft = cast.lesson_plan("lan", 13, lessons=cast.lesson_fields(13, 1)["lessons"])
    lan = window("lan", "phone")
    visit(lan, f"/documents/{draft.id}/edit?open=lessons.0")
    surface = lan.page.locator("div[id='f-lessons-0-requirements']")
    surface.fill("")
    paste(surface, plain="Nếu a<b thì b>a.\n3 <x và 5>y")
    expect(surface.locator("p", has_text="Nếu a<b thì b>a.")).to_be_visible()
    paste(surface, html='<p>Hình vẽ <img src="file:///C:/clip_image002.png"></p>')
    expect(surface).to_contain_text("Hình vẽ")
    expect(lan.page.locator(".err--script")).to_contain_text("Chữ đã dán; 1 ảnh thì chưa")
    put_away(lan.page)
    expect(lan.page.locator("[data-saved]")).to_contain_text("Đã lưu lúc")
    kept = cast.fresh(draft.id).fields["lessons"][0]["requirements"]
    assert "Nếu a&lt;b thì b&gt;a." in kept
    assert "3 &lt;x và 5&gt;y" in kept


def test_what_two_devices_wrote_in_different_places_is_put_together(
    cast: Cast, window: Callable[..., Window]
) -> None:
    draft = cast.lesson_plan("lan", 13, lessons=cast.lesson_fields(13, 2)["lessons"])
    phone, desk = window("lan", "phone"), window("lan")
    for one in (phone, desk):
        visit(one, f"/documents/{draft.id}/edit?open=lessons.0")
    desk.page.fill(TITLE, "Từ máy bàn")
    put_away(desk.page)
    expect(desk.page.locator("[data-saved]")).to_contain_text("Đã lưu lúc")
    phone.page.locator("#f-lessons-1 > summary").click()
    phone.page.fill("[name='lessons.1.title']", "Từ điện thoại")
    put_away(phone.page)
    phone.page.get_by_role("button", name="Giữ cả hai").click()
    expect(phone.page.locator("#clash")).to_have_count(0)
    expect(phone.page.locator(TITLE)).to_have_value("Từ máy bàn")
    titles = [row["title"] for row in cast.fresh(draft.id).fields["lessons"]]
    assert titles == ["Từ máy bàn", "Từ điện thoại"]


def test_rows_moved_in_the_other_window_are_not_mixed_up(cast: Cast, window: Callable[..., Window]) -> None:
    draft = cast.lesson_plan("lan", 13, lessons=cast.lesson_fields(13, 2)["lessons"])
    phone, desk = window("lan", "phone"), window("lan")
    for one in (phone, desk):
        visit(one, f"/documents/{draft.id}/edit?open=lessons.1")
    desk.page.locator("#f-lessons-1").get_by_role("button", name="Lên").click()
    put_away(desk.page)
    expect(desk.page.locator("[data-saved]")).to_contain_text("Đã lưu lúc")
    moved = cast.fresh(draft.id).fields
    phone.page.fill("[name='lessons.1.title']", "Từ điện thoại")
    put_away(phone.page)
    both = phone.page.get_by_role("button", name="Giữ cả hai")
    both.click()
    expect(phone.page.locator("[data-saved]")).to_contain_text("không ghép được")
    expect(both).to_be_hidden()
    assert cast.fresh(draft.id).fields == moved
    phone.page.get_by_role("button", name="Chỉ giữ nội dung ở đây").click()
    expect(phone.page.locator("#clash")).to_have_count(0)
    expect(phone.page.locator("[data-saved]")).to_contain_text("Đã lưu lúc")
    assert cast.fresh(draft.id).fields["lessons"][1]["title"] == "Từ điện thoại"
