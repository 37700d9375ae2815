"""What people type for short, and what it stands for: declared pairs, read by the search (`flows/search.py`).

A short form finds its own letters too: it only adds. One that is also a syllable of Vietnamese ("an", "ta")
stands for something only in capitals.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.indexing import fold


@dataclass(frozen=True, slots=True)
class ShortForm:
    """`said`: how people write it; `means`: the words it stands for; `types`: slugs it names."""

    said: str
    means: str
    types: tuple[str, ...] = ()
    capitals: bool = False

    @property
    def key(self) -> tuple[str, ...]:
        """Its words as they are searched."""
        return tuple(fold(self.said))


_LESSON, _TEAM, _OWN = "lesson-plan", "team-teaching-plan", "teacher-teaching-plan"
_MINUTES, _CHECK, _ADDENDUM = "violation-minutes", "spot-check", "lesson-plan-addendum"

SHORT_FORMS: tuple[ShortForm, ...] = (
    # records
    ShortForm("KHBD", "kế hoạch bài dạy", (_LESSON,)),
    ShortForm("giáo án", "kế hoạch bài dạy", (_LESSON,)),
    ShortForm("bài soạn", "kế hoạch bài dạy", (_LESSON,)),
    ShortForm("KHDH", "kế hoạch dạy học", (_TEAM, _OWN)),
    ShortForm("KHGD", "kế hoạch giáo dục"),
    ShortForm("lịch báo giảng", "kế hoạch dạy học cá nhân", (_OWN,)),
    ShortForm("LBG", "lịch báo giảng", (_OWN,)),
    ShortForm("BB", "biên bản", (_MINUTES,)),
    ShortForm("BBKT", "biên bản kiểm tra", (_MINUTES,)),
    ShortForm("PKT", "phiếu kiểm tra", (_CHECK,)),
    ShortForm("rút kinh nghiệm", "điều chỉnh sau bài dạy", (_ADDENDUM,)),
    ShortForm("ĐCSBD", "điều chỉnh sau bài dạy", (_ADDENDUM,)),
    # subjects of primary school (Circular 32/2018)
    ShortForm("TV", "Tiếng Việt"),
    ShortForm("TNXH", "Tự nhiên và Xã hội"),
    ShortForm("TN&XH", "Tự nhiên và Xã hội"),
    ShortForm("HĐTN", "Hoạt động trải nghiệm"),
    ShortForm("LSĐL", "Lịch sử và Địa lí"),
    ShortForm("LS&ĐL", "Lịch sử và Địa lí"),
    ShortForm("GDTC", "Giáo dục thể chất"),
    ShortForm("THCN", "Tin học và Công nghệ"),
    ShortForm("ĐĐ", "Đạo đức"),
    ShortForm("MT", "Mĩ thuật"),
    ShortForm("Mỹ thuật", "Mĩ thuật"),
    ShortForm("CN", "Công nghệ", capitals=True),
    ShortForm("TH", "Tin học", capitals=True),
    ShortForm("TA", "Tiếng Anh", capitals=True),
    ShortForm("ÂN", "Âm nhạc", capitals=True),
    # words of a school
    ShortForm("TKB", "thời khóa biểu"),
    ShortForm("GV", "giáo viên"),
    ShortForm("GVCN", "giáo viên chủ nhiệm"),
    ShortForm("GVBM", "giáo viên bộ môn"),
    ShortForm("HS", "học sinh"),
    ShortForm("PHHS", "phụ huynh học sinh"),
    ShortForm("HK", "học kì"),
    ShortForm("SGK", "sách giáo khoa"),
    ShortForm("SGV", "sách giáo viên"),
    ShortForm("BGH", "Ban Giám hiệu"),
    ShortForm("TTCM", "tổ trưởng chuyên môn"),
    ShortForm("YCCĐ", "yêu cầu cần đạt"),
    ShortForm("ĐDDH", "đồ dùng dạy học"),
)

LONGEST = max(len(form.key) for form in SHORT_FORMS)
_BY_WORDS = {form.key: form for form in SHORT_FORMS}
assert len(_BY_WORDS) == len(SHORT_FORMS), "two short forms are written alike"


def short_form(typed: tuple[str, ...]) -> ShortForm | None:
    """What these words, as they were typed, stand for."""
    found = _BY_WORDS.get(tuple(word for one in typed for word in fold(one)))
    if found is None or (found.capitals and not all(word.isupper() for word in typed)):
        return None
    return found
