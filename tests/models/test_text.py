"""Words in both languages, as they stand in sentences."""

from models.text import Text, within


def test_inside_a_sentence_it_begins_small_but_an_abbreviation_stays() -> None:
    said = Text("Kế hoạch bài dạy", "UBND decision").within()
    assert (said.vi, said.en) == ("kế hoạch bài dạy", "UBND decision")
    assert within("KHBD tuần 13") == "KHBD tuần 13"
    assert [within(words) for words in ("", "Đ", "Đơn")] == ["", "đ", "đơn"]
