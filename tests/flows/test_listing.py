"""Lists and search on both databases: with and without diacritics, by everything, a page at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import col, delete, select, update

from flows import drafts, listing
from flows.catalogue import TYPES
from flows.listing import Filter
from flows.queries import OPEN, visible_to
from flows.short_forms import SHORT_FORMS
from models.account import Account
from models.document import Document
from models.evidence import Duty
from models.indexing import fill, fold, index_owner
from models.search import DocumentText
from tests.cast import Cast


def found(cast: Cast, who: str = "minh", **asked: Any) -> list[str]:
    """Titles of the first page of a list."""
    with cast.office.db.read() as session:
        rows, _ = listing.documents(session, cast.actor(who), Filter(**asked))
    return [row.document.title for row in rows]


def put(cast: Cast, owner: str, week: int, title: str, words: str = "", **more: Any) -> Document:
    """A document that was sent, with words in one of its lessons."""
    now = datetime.now(UTC)
    fields = cast.lesson_fields(week)
    taught = cast.classes[more.pop("class_", "3A")]
    fields["lessons"][0] |= {"title": "Bài học", "requirements": words, "class": taught}
    values: dict[str, Any] = {
        "school_id": cast.school_id,
        "type": "lesson-plan",
        "owner_id": cast.ids[owner],
        "group_id": cast.groups["1-2-3"],
        "week_id": cast.weeks[week],
        "last_week_id": cast.weeks[week],
        "title": title,
        "fields": fields,
        "status": "in_progress",
        "step": "group_review",
        "created_at": now,
        "updated_at": now,
    }
    with cast.office.db.write() as session:
        document = Document(**(values | more))
        session.add(document)
        session.flush()
        fill(session.connection())
        return document


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ĐẶNG THỊ Hường", ["dang", "thi", "huong"]),
        ("Mĩ thuật – lớp 3A, 30/11", ["mi", "thuat", "lop", "3a", "30", "11"]),
        ("ƯỚC Ữ ờ ẵ đĐ", ["uoc", "u", "o", "a", "dd"]),
        ("e\u0323\u0302 ệ", ["e", "e"]),
        ("=+@ _ …", []),
    ],
)
def test_words_are_folded(text: str, words: list[str]) -> None:
    assert fold(text) == words


def test_words_are_found_with_and_without_their_marks(each_cast: Cast) -> None:
    cast = each_cast
    put(
        cast, "lan", 13, "Kế hoạch của Đặng", "<p>Giải bài toán bằng <b>hai bước tính</b> &amp; ĐỐI CHIẾU</p>"
    )
    put(cast, "mai", 13, "Kế hoạch khác", "<p>Bước đầu tính nhẩm</p>")
    for q in ("hai bước tính", "HAI BUOC TINH", "tính hai bước", "Đối chiếu", "doi chieu", "dang", "ĐẶNG"):
        assert found(cast, q=q) == ["Kế hoạch của Đặng"], q
    assert found(cast, q="Nguyễn Thị Lan") == ["Kế hoạch của Đặng"]
    assert found(cast, q="bước tính") == ["Kế hoạch khác", "Kế hoạch của Đặng"]
    assert found(cast, q='"bước tính"') == ["Kế hoạch của Đặng"]
    assert found(cast, q="“bước tính” doi chi") == ["Kế hoạch của Đặng"]
    assert found(cast, q="doi chi toan ") == []
    assert found(cast, q="amp") == found(cast, q="strong") == found(cast, q=cast.weeks[13]) == []


def test_short_forms_and_sign_in_names_find_what_they_stand_for(each_cast: Cast) -> None:
    cast = each_cast
    put(cast, "lan", 13, "Tuần 13 của Lan", "<p>Tự nhiên và Xã hội: cây xanh</p>")
    put(cast, "mai", 13, "Báo cáo của Mai", "<p>Viết tắt TNXH; an toàn</p>", type="team-teaching-plan")
    put(cast, "mai", 12, "Nói về kế hoạch bài dạy", type="violation-minutes")
    both = ["Báo cáo của Mai", "Tuần 13 của Lan"]
    for q in ("TNXH", "tnxh", "tnxh "):
        assert found(cast, q=q) == both, q
    assert found(cast, q="TN&XH") == ["Tuần 13 của Lan"]
    assert found(cast, q="TNXH cây") == ["Tuần 13 của Lan"]
    assert found(cast, q="“TNXH”") == ["Báo cáo của Mai"]  # in quotation marks just that
    for q in ("KHBD", "giáo án", "GIAO AN", "khbd"):  # the type, or the words themselves
        assert found(cast, q=q) == ["Nói về kế hoạch bài dạy", "Tuần 13 của Lan"], q
    assert found(cast, q="giáo án cây") == ["Tuần 13 của Lan"]
    assert found(cast, q="KHDH") == ["Báo cáo của Mai"]
    assert found(cast, q="BB") == ["Nói về kế hoạch bài dạy"]
    assert found(cast, q="an") == ["Báo cáo của Mai"]  # a syllable; the music lesson is ÂN
    assert told(cast, "an ta th") == []
    assert told(cast, "ÂN, TA") == ["Âm nhạc", "Tiếng Anh"]
    assert told(cast, "KHBD TNXH khbd") == ["kế hoạch bài dạy", "Tự nhiên và Xã hội"]
    assert found(cast, q=" LAN ") == ["Tuần 13 của Lan"]  # Lan's own sign-in name, also where it is no word
    with cast.office.db.write() as session:
        session.get_one(Account, cast.ids["mai"]).sign_in_name = "gv.mai"
    assert found(cast, q="gv.mai") == ["Nói về kế hoạch bài dạy", "Báo cáo của Mai"]
    assert found(cast, q="gv.mai cây") == []
    assert told(cast, "gv.mai") == ["hồ sơ của Trần Thị Mai"]
    assert told(cast, "teacher_b principal_b") == []  # another school's
    assert found(cast, "huong", q="gv.mai KHBD") == []  # it shows nobody more than they may see
    with cast.office.db.read() as session:  # where few records can fit their own words are looked through
        asked = Filter(q="KHBD", status=("in_progress",))
        rows, _ = listing.documents(session, cast.actor("minh"), asked)
    assert [row.document.title for row in rows] == ["Nói về kế hoạch bài dạy", "Tuần 13 của Lan"]


def told(cast: Cast, typed: str) -> list[str]:
    with cast.office.db.read() as session:
        return [text.vi for text in listing.beside(session, cast.actor("minh"), typed)]


def test_short_forms_name_types_that_are_there() -> None:
    assert {slug for form in SHORT_FORMS for slug in form.types} <= {declared.slug for declared in TYPES}


HOSTILE = [
    '"',
    "'",
    "* OR *",
    "NEAR(a b)",
    "a:b",
    "(",
    "!!!",
    "a & b | !c",
    "-- ;",
    "\\",
    "x'); DROP",
    "text:",
    "^a",
    "%",
    "😀",
]


@pytest.mark.parametrize("q", HOSTILE)
def test_no_search_is_an_error(cast: Cast, q: str) -> None:
    assert found(cast, q=q) == []


def test_hostile_searches_on_the_other_database(each_cast: Cast) -> None:
    put(each_cast, "lan", 13, "a b c")
    for q in HOSTILE:
        assert found(each_cast, q=q) in ([], ["a b c"]), q


def test_each_filter_narrows(each_cast: Cast) -> None:
    cast = each_cast
    put(cast, "lan", 13, "Một")
    put(cast, "mai", 14, "Hai", class_="4A", status="archived", last_week_id=cast.weeks[16])
    put(cast, "hoa", 14, "Ba", type="team-teaching-plan", status="returned")
    everyone = ["Ba", "Hai", "Một"]
    assert found(cast) == everyone
    assert found(cast, type="team-teaching-plan") == ["Ba"]
    assert found(cast, status=("archived", "returned")) == ["Ba", "Hai"]
    assert found(cast, owner=cast.ids["lan"]) == ["Một"]
    assert found(cast, week=cast.weeks[14]) == ["Ba", "Hai"]
    assert found(cast, week=cast.weeks[15]) == ["Hai"], "a later week that is covered"
    assert found(cast, class_=cast.classes["4A"]) == ["Hai"]
    assert found(cast, class_=cast.classes["4A"], status=("draft",)) == []
    assert found(cast, q="toan", week=cast.weeks[14], owner=cast.ids["mai"]) == ["Hai"]
    assert found(cast, week="nonsense") == found(cast, class_="'") == []


def test_a_search_reaches_exactly_what_a_person_may_see(each_cast: Cast) -> None:
    cast = each_cast
    statuses = ("draft", "in_progress", "returned", "approved", "archived")
    for n, status in enumerate(statuses):
        step = "archive" if status == "approved" else "draft" if status == "draft" else "group_review"
        for owner, group in (("lan", "1-2-3"), ("huong", "4-5"), ("hoa", "1-2-3")):
            slug = "team-teaching-plan" if owner == "hoa" else "lesson-plan"
            put(cast, owner, 13 + n, f"{owner} {status}", "chung", status=status, step=step, type=slug,
                group_id=cast.groups[group])  # fmt: skip
    for who in cast.ids:
        with cast.office.db.read() as session:
            seen = session.exec(select(Document.title).where(visible_to(cast.actor(who)))).all()
        assert sorted(found(cast, who, q="chung")) == sorted(seen), who
    assert len(found(cast, "minh", q="chung")) == 12 and found(cast, "teacher_b", q="chung") == []
    assert len(found(cast, "lan", q="chung")) == 5 + 2


FILTERS: tuple[dict[str, Any], ...] = (
    {},
    {"status": ("archived",)},
    {"status": ("in_progress", "archived", "withdrawn")},
    {"type": "team-teaching-plan"},
    {"type": "lesson-plan", "status": ("in_progress", "returned")},
    {"owed": True},
    {"q": "chung", "status": ("in_progress", "approved")},
    {"q": "chun", "status": ("returned",), "type": "lesson-plan"},
    {"q": '"chung riêng"', "status": ("in_progress", "archived")},
    {"q": '"rieng chung"', "status": ("draft", "in_progress")},
)


def test_every_filter_gives_everyone_all_they_may_see_page_by_page(each_cast: Cast) -> None:
    """However a list is put together, it holds what the rule says, the newest first, each once."""
    cast, now = each_cast, datetime.now(UTC)
    kinds = [
        ("lan", "1-2-3", "lesson-plan"),
        ("huong", "4-5", "lesson-plan"),
        ("hoa", "1-2-3", "team-teaching-plan"),
        ("minh", "1-2-3", "lesson-plan"),
    ]
    for n, status in enumerate((*OPEN, "archived", "replaced", "withdrawn")):
        for m, (owner, group, slug) in enumerate(kinds):
            at = now - timedelta(minutes=(7 * n + 5 * m) % 11)
            document = put(cast, owner, 13 + n, f"{owner} {status}", "chung riêng", status=status, type=slug,
                group_id=cast.groups[group], updated_at=at, step="draft" if status == "draft" else "",
                first_signed_at=now if m else None)  # fmt: skip
            if status in ("approved", "archived") and m % 2:
                with cast.office.db.write() as session:
                    session.add(_duty(cast, document))
    for who in ("lan", "huong", "hoa", "son", "minh", "ngoc", "thu", "binh", "admin", "teacher_b"):
        actor = cast.actor(who)
        with cast.office.db.read() as session:
            seen = session.exec(select(Document).where(visible_to(actor))).all()
            owed = set(session.exec(select(Duty.document_id)).all())
            for asked in FILTERS:
                right = [
                    d.title
                    for d in sorted(seen, key=lambda d: (d.updated_at, d.id), reverse=True)
                    if asked.get("type") in (None, d.type)
                    and d.status in asked.get("status", (d.status,))
                    and (not asked.get("owed") or d.id in owed)
                    and asked.get("q") != '"rieng chung"'
                ]
                titles, after = [], None
                while True:
                    rows, after = listing.documents(session, actor, Filter(**asked), after=after, limit=3)
                    titles += [row.document.title for row in rows]
                    if after is None:
                        break
                if "q" in asked:
                    assert sorted(titles) == sorted(right), (who, asked)
                else:
                    assert titles == right, (who, asked)


def _duty(cast: Cast, document: Document) -> Duty:
    now = datetime.now(UTC)
    return Duty(
        document_id=document.id,
        kind="download",
        school_id=cast.school_id,
        account_id=document.owner_id,
        revision=1,
        blob="0" * 64,
        opened_at=now,
        due_at=now,
    )


def test_pages_follow_one_another_without_gaps_while_new_ones_come(each_cast: Cast) -> None:
    cast = each_cast
    titles = [f"Trang {n}" for n in range(7)]
    for n, title in enumerate(titles):
        put(cast, "lan", 13 + n, title, updated_at=datetime.now(UTC) + timedelta(minutes=n % 3))
    for asked in (Filter(), Filter(q="trang")):
        read: list[str] = []
        after = None
        while True:
            with cast.office.db.read() as session:
                rows, after = listing.documents(session, cast.actor("minh"), asked, after=after, limit=3)
            read += [row.document.title for row in rows]
            if after is None:
                break
            put(cast, "mai", 20 + len(read) % 9, f"Trang mới {len(read)}{asked.q}")
        assert sorted(t for t in read if t in titles) == titles
        assert len(read) == len(set(read))
    with cast.office.db.read() as session:
        everything = [r.document.title for r in listing.everything(session, cast.actor("minh"), Filter())]
    assert len(everything) == len(set(everything)) == 7 + 4


def test_the_writer_keeps_the_words_in_its_own_transaction(cast: Cast) -> None:
    made = cast.lesson_plan("lan", 13)
    assert found(cast, "lan", q="Bảng phụ") == [made.title]
    changed = cast.lesson_fields(14)
    changed["lessons"][0]["equipment"] = "<p>Quả địa cầu</p>"
    drafts.save(cast.office, cast.actor("lan"), made.id, made.content_version, changed)
    assert found(cast, "lan", q="bang phu") == []
    assert found(cast, "lan", q="qua dia cau") == found(cast, "lan", week=cast.weeks[14])
    assert found(cast, "lan", class_=cast.classes["3A"]) == [cast.fresh(made.id).title]
    assert found(cast, "minh", q="dia cau") == [], "a draft is its author's alone"


def test_a_number_is_found_once_it_is_given(cast: Cast) -> None:
    plan = cast.team_plan()
    for name, action in (("hoa", "submit"), ("hoa", "sign"), ("ngoc", "approve"), ("minh", "approve")):
        cast.act(name, plan.id, action)
    number = cast.fresh(plan.id).number
    assert number and found(cast, q=f'"{number}"') == [plan.title]


def test_missing_rows_are_filled_and_a_new_name_is_found(each_cast: Cast) -> None:
    cast = each_cast
    put(cast, "lan", 13, "Cũ")
    with cast.office.db.write() as session:
        session.exec(delete(DocumentText))
    assert found(cast, q="cu") == []
    with cast.office.db.write() as session:
        assert fill(session.connection()) == 1
        assert fill(session.connection()) == 0
    assert found(cast, q="cũ") == ["Cũ"]
    _rename(cast, "lan", "Phùng Thị Mỹ")
    assert found(cast, q="phung my") == ["Cũ"] and found(cast, q="nguyen lan") == []


def _rename(cast: Cast, who: str, name: str) -> None:
    with cast.office.db.write() as session:
        session.exec(update(Account).where(col(Account.id) == cast.ids[who]).values(full_name=name))
        index_owner(session.connection(), cast.ids[who])


def test_a_very_long_text_is_kept_as_far_as_the_index_goes(each_cast: Cast) -> None:
    put(each_cast, "lan", 13, "Dài", "<p>" + "chữ nghĩa " * 40_000 + "cuối</p>" + "<" * 50_000 + "w" * 5000)
    assert found(each_cast, q="chu nghia") == ["Dài"]


@pytest.mark.parametrize("asked", [Filter(type="lesson-plan"), Filter(status=("archived",))], ids=str)
@pytest.mark.parametrize("who", ["minh", "hoa", "lan", "binh", "thu"])
def test_ones_own_records_are_never_looked_for_among_all_of_a_type(
    cast: Cast, who: str, asked: Filter
) -> None:
    """SQLite, which counts nothing, would take any index that saves it a sorting."""
    query = listing._by_change(cast.actor(who), asked, None, None, 51).limit(51)
    words = str(query.compile(cast.office.db.engine, compile_kwargs={"literal_binds": True}))
    with cast.office.db.engine.connect() as connection:
        plan = [row[3] for row in connection.exec_driver_sql("EXPLAIN QUERY PLAN " + words)]
    first = next(line for line in plan if " document USING " in line)
    assert "owner_id=?" in first
