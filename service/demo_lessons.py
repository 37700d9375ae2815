"""What the demo school teaches: lessons of the 2018 primary programme as a lesson plan has them. Data.

Titles follow the order of common textbooks; every text is written for this demo.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

HOMEROOM = ("Tiếng Việt", "Toán", "Đạo đức", "Hoạt động trải nghiệm")
"""Subjects a homeroom teacher teaches in every grade; nature and society follow by grade."""

TITLES: dict[tuple[str, int], tuple[str, ...]] = {
    ("Tiếng Việt", 1): ("Bài 56. ep, êp, ip, up", "Bài 57. anh, ênh, inh", "Bài 58. ach, êch, ich"),
    ("Toán", 1): (
        "Bài 11. Phép trừ trong phạm vi 10 (tiết 2)",
        "Bài 12. Bảng cộng, bảng trừ trong phạm vi 10",
    ),
    ("Tiếng Việt", 2): (
        "Đọc: Món quà đặc biệt",
        "Viết: Chữ hoa N",
        "Nói và nghe: Kể chuyện Sự tích cây vú sữa",
    ),
    ("Toán", 2): ("Bài 23. Phép trừ có nhớ trong phạm vi 100 (tiết 1)", "Bài 24. Luyện tập chung (tiết 2)"),
    ("Tiếng Việt", 3): (
        "Đọc: Ngôi nhà trong cỏ",
        "Luyện tập: Từ ngữ chỉ sự vật, hoạt động; câu kể",
        "Viết: Nghe – viết Tôi yêu em tôi",
    ),
    ("Toán", 3): (
        "Bài 28. Bài toán giải bằng hai bước tính (tiết 2)",
        "Bài 29. Luyện tập chung (tiết 1)",
        "Bài 30. Mi-li-mét (tiết 1)",
    ),
    ("Tiếng Việt", 4): (
        "Đọc: Nếu em có một khu vườn",
        "Luyện từ và câu: Biện pháp nhân hóa",
        "Viết: Tìm hiểu cách viết đơn",
    ),
    ("Toán", 4): (
        "Bài 25. Phép cộng các số có nhiều chữ số (tiết 1)",
        "Bài 26. Phép trừ các số có nhiều chữ số (tiết 2)",
        "Bài 27. Hai đường thẳng vuông góc",
    ),
    ("Tiếng Việt", 5): ("Đọc: Tấm gương tự học", "Luyện từ và câu: Sử dụng từ điển", "Viết: Tả phong cảnh"),
    ("Toán", 5): (
        "Bài 22. Phép nhân số thập phân (tiết 1)",
        "Bài 23. Nhân, chia số thập phân với 10; 100; 1 000",
    ),
}
COMMON: dict[str, str] = {
    "Đạo đức": "Giữ lời hứa (tiết 2)",
    "Hoạt động trải nghiệm": "Sinh hoạt lớp: Biết ơn thầy cô",
    "Tự nhiên và Xã hội": "Bài 12. Hoạt động sản xuất nông nghiệp ở địa phương (tiết 1)",
    "Khoa học": "Bài 13. Vai trò của ánh sáng",
    "Lịch sử và Địa lí": "Bài 10. Một số nét văn hóa ở vùng đồng bằng Bắc Bộ",
    "Tiếng Anh": "Unit 8. My school things – Lesson 1",
    "Tin học": "Bài 7. Sắp xếp để dễ tìm",
    "Công nghệ": "Bài 5. Sử dụng máy thu hình",
    "Giáo dục thể chất": "Bài 3. Các động tác nhảy chuyển chân (tiết 2)",
    "Âm nhạc": "Học bài hát: Đẹp mãi tuổi thơ",
    "Mĩ thuật": "Chủ đề 4. Vẻ đẹp của khối (tiết 1)",
}


@dataclass(frozen=True, slots=True)
class Manner:
    """How a subject is taught: what pupils reach, what is needed, what everyone does in each phase."""

    reach: str
    needs: str
    phases: tuple[tuple[str, int, str, str], ...]


_MATHS = Manner(
    "<p>- Học sinh nắm được cách làm và thực hiện đúng các bài tập của bài “{title}”.</p>"
    "<p>- Vận dụng giải quyết một tình huống gắn với đời sống.</p>"
    "<p>- Phát triển năng lực tư duy và lập luận toán học; chăm chỉ, trách nhiệm khi làm việc nhóm.</p>",
    "<p>- Giáo viên: bảng phụ, phiếu học tập, bài trình chiếu.</p><p>- Học sinh: SGK, vở, bảng con.</p>",
    (
        (
            "Mở đầu",
            5,
            "<p>- Tổ chức trò chơi “Truyền điện” ôn kiến thức tiết trước.</p><p>- Dẫn vào bài mới.</p>",
            "<p>- Cả lớp tham gia, bạn trả lời đúng được mời bạn tiếp theo.</p>",
        ),
        (
            "Hình thành kiến thức mới",
            12,
            "<p>- Nêu tình huống, hướng dẫn tóm tắt và tìm cách giải.</p>"
            "<p>- Chốt các bước thực hiện, ghi bảng.</p>",
            "<p>- Thảo luận cặp đôi, một vài cặp trình bày.</p><p>- Nhắc lại các bước.</p>",
        ),
        (
            "Luyện tập, thực hành",
            15,
            "<p>- Bài 1, bài 2: làm vào vở; quan sát, hỗ trợ học sinh còn lúng túng.</p>"
            "<p>- Bài 3: hoạt động nhóm bốn.</p>",
            "<p>- Làm bài cá nhân, đổi vở kiểm tra.</p><p>- Nhóm thống nhất kết quả, báo cáo.</p>",
        ),
        (
            "Vận dụng",
            3,
            "<p>- Yêu cầu tìm một tình huống tương tự trong gia đình.</p><p>- Nhận xét tiết học.</p>",
            "<p>- Nêu ví dụ, về nhà chia sẻ với người thân.</p>",
        ),
    ),
)
_LANGUAGE = Manner(
    "<p>- Đọc, viết đúng và rõ ràng; hiểu nội dung chính của bài “{title}”.</p>"
    "<p>- Biết trao đổi với bạn, nói thành câu trọn ý.</p>"
    "<p>- Bồi dưỡng tình yêu thương, thái độ trân trọng những điều gần gũi.</p>",
    "<p>- Giáo viên: tranh minh họa, máy chiếu, thẻ từ.</p><p>- Học sinh: SGK, vở bài tập, bút màu.</p>",
    (
        (
            "Mở đầu",
            5,
            "<p>- Cho xem tranh, hỏi: Tranh vẽ gì? Em đoán điều gì sẽ xảy ra?</p>",
            "<p>- Quan sát, nối tiếp nêu ý kiến.</p>",
        ),
        (
            "Khám phá",
            14,
            "<p>- Đọc mẫu, hướng dẫn ngắt nghỉ và luyện từ khó.</p><p>- Nêu câu hỏi tìm hiểu bài.</p>",
            "<p>- Đọc nối tiếp, đọc trong nhóm.</p><p>- Trả lời, nhận xét câu trả lời của bạn.</p>",
        ),
        (
            "Luyện tập, thực hành",
            13,
            "<p>- Tổ chức thi đọc diễn cảm; giao bài trong vở bài tập.</p>",
            "<p>- Thi đọc giữa các nhóm; làm bài, chữa bài trước lớp.</p>",
        ),
        (
            "Vận dụng",
            3,
            "<p>- Dặn học sinh tìm đọc thêm một bài cùng chủ đề.</p>",
            "<p>- Ghi tên bài sẽ đọc vào nhật ký đọc sách.</p>",
        ),
    ),
)
_OTHER = Manner(
    "<p>- Nêu được những điều cơ bản của bài “{title}”.</p>"
    "<p>- Thực hành được theo hướng dẫn; hợp tác và chia sẻ với bạn.</p>",
    "<p>- Giáo viên: tranh ảnh, đồ dùng trực quan.</p><p>- Học sinh: SGK, dụng cụ học tập của môn.</p>",
    (
        (
            "Khởi động",
            5,
            "<p>- Cho cả lớp hát và vận động theo nhạc, giới thiệu bài.</p>",
            "<p>- Hát, vận động, lắng nghe.</p>",
        ),
        (
            "Khám phá",
            12,
            "<p>- Hướng dẫn quan sát, đặt câu hỏi gợi mở.</p>",
            "<p>- Quan sát, thảo luận nhóm và trình bày.</p>",
        ),
        (
            "Luyện tập, thực hành",
            15,
            "<p>- Giao nhiệm vụ, theo dõi, sửa cho từng nhóm.</p>",
            "<p>- Thực hành theo nhóm, giới thiệu sản phẩm.</p>",
        ),
        ("Vận dụng", 3, "<p>- Liên hệ thực tế, nhận xét.</p>", "<p>- Nêu việc sẽ làm ở nhà.</p>"),
    ),
)
_MANNERS = {"Toán": _MATHS, "Tiếng Việt": _LANGUAGE, "Tiếng Anh": _LANGUAGE}


def own_subjects(grade: int) -> tuple[str, ...]:
    """What the homeroom teacher of a grade teaches."""
    return (*HOMEROOM, *(("Tự nhiên và Xã hội",) if grade <= 3 else ("Khoa học", "Lịch sử và Địa lí")))


def _title(subject: str, grade: int, turn: int) -> str:
    titles = TITLES.get((subject, grade)) or (COMMON[subject],)
    return titles[turn % len(titles)]


def lesson(subject: str, grade: int, class_id: str, day: date, turn: int) -> dict[str, Any]:
    """One lesson of a plan, as its form takes it; `turn` picks the next title of the subject."""
    title = _title(subject, grade, turn)
    manner = _MANNERS.get(subject, _OTHER)
    return {
        "subject": subject,
        "class": class_id,
        "title": title,
        "periods": 1,
        "date": day.isoformat(),
        "requirements": manner.reach.format(title=title),
        "equipment": manner.needs,
        "phases": [
            {"name": name, "minutes": minutes, "teacher": teacher, "pupils": pupils}
            for name, minutes, teacher, pupils in manner.phases
        ],
    }


def week_of_periods(taught: Sequence[tuple[str, int, str]], monday: date) -> list[dict[str, Any]]:
    """A week's periods of a teacher, four each morning and two on two afternoons, by turns of `taught`."""
    slots = [(day, "morning", period) for day in range(5) for period in range(1, 5)]
    slots += [(day, "afternoon", period) for day in (1, 3) for period in (1, 2)]
    made = []
    for number, (day, session, period) in enumerate(sorted(slots, key=lambda s: (s[0], s[1] != "morning"))):
        subject, grade, class_id = taught[number % len(taught)]
        made.append(
            {
                "date": (monday + timedelta(days=day)).isoformat(),
                "session": session,
                "period": period,
                "class": class_id,
                "subject": subject,
                "lesson": _title(subject, grade, number // len(taught)),
                "equipment": "Bảng phụ, phiếu học tập" if number % 3 == 0 else "",
                "adjustment": "Tích hợp giáo dục địa phương" if number == 6 else "",
            }
        )
    return made


def week_of_lessons(taught: Sequence[tuple[str, int, str]], monday: date, count: int) -> list[dict[str, Any]]:
    """`count` lessons spread over the days of a week; `taught` holds (subject, grade, class id)."""
    made = []
    for number in range(count):
        subject, grade, class_id = taught[number % len(taught)]
        day = monday + timedelta(days=number * 5 // count)
        made.append(lesson(subject, grade, class_id, day, number // len(taught)))
    return made
