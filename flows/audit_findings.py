"""What an audit finds, in words: where, and what does not hold. Ids, types, numbers; no titles, no names."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from models.text import Text

KEPT = 200
"""Findings kept with their words; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not hold. `kind`: of `WORDS`; `seq`: of the event, 0 where none is meant."""

    kind: str
    document_id: str = ""
    type: str = ""
    seq: int = 0
    told: tuple[tuple[str, object], ...] = ()

    @property
    def sentence(self) -> Text:
        """Where and what, as a line is printed."""
        what = WORDS[self.kind].format(seq=self.seq, **dict(self.told))
        if not self.document_id:
            return what.capitalised()
        where = _WHERE if self.type else _WHERE_ALONE
        return where.format(id=self.document_id, type=self.type, what=what)

    def as_data(self) -> dict[str, Any]:
        """For JSON: the place and the sentence in both languages."""
        said = self.sentence
        return {
            "kind": self.kind,
            "document_id": self.document_id or None,
            "type": self.type or None,
            "seq": self.seq or None,
            "vi": said.vi,
            "en": said.en,
        }


def finding(kind: str, document_id: str = "", type_: str = "", seq: int = 0, **told: object) -> Finding:
    """A finding with what its words name."""
    return Finding(kind, document_id, type_, seq, tuple(told.items()))


@dataclass(slots=True)
class Findings:
    """Everything found, in the order it was found: the first ones whole, the others counted."""

    kept: list[Finding] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    documents: set[str] = field(default_factory=set)
    """Documents something was found of already: what follows from it is not told again."""

    def add(self, found: Finding) -> None:
        self.counts[found.kind] += 1
        if found.document_id:
            self.documents.add(found.document_id)
        if len(self.kept) < KEPT:
            self.kept.append(found)

    @property
    def total(self) -> int:
        return self.counts.total()


_WHERE = Text("Hồ sơ {id} ({type}): {what}", "Record {id} ({type}): {what}")
_WHERE_ALONE = Text("Hồ sơ {id}: {what}", "Record {id}: {what}")

WORDS: dict[str, Text] = {
    # events
    "event-changed": Text(
        "sự kiện số {seq} đã bị sửa: nội dung không khớp mã băm của chính nó",
        "event {seq} was changed: it does not fit its own hash",
    ),
    "event-missing": Text("thiếu sự kiện số {seq}", "event {seq} is missing"),
    "event-added": Text(
        "sự kiện số {seq} thừa: hồ sơ không ghi nhận nó", "event {seq} is one too many: the record knows none"
    ),
    "event-moved": Text(
        "sự kiện số {seq} không nối tiếp sự kiện ngay trước nó: một trong hai đã bị thay hoặc đổi chỗ",
        "event {seq} does not follow the one before: one of them was replaced or moved",
    ),
    "event-impossible": Text(
        "sự kiện số {seq} không thể xảy ra tại bước ấy của loại hồ sơ này",
        "event {seq} cannot follow there in a record of this type",
    ),
    "event-orphan": Text(
        "còn {count} sự kiện nhưng hồ sơ đã bị xóa", "{count} events are left, the record itself is gone"
    ),
    "rows-orphan": Text(
        "hồ sơ đã bị xóa nhưng dữ liệu của nó còn ở: {tables}",
        "the record is gone, rows of it are left in: {tables}",
    ),
    "head": Text(
        "mã băm cuối chuỗi ghi ở hồ sơ khác với sự kiện cuối cùng",
        "the head of the chain the record names is not its last event",
    ),
    "no-events": Text("không còn sự kiện nào", "none of its events is left"),
    "document-missing": Text(
        "hồ sơ và sự kiện số {seq} mà gốc số {root} đã cam kết không còn",
        "the record and its event {seq}, to which root {root} commits, are gone",
    ),
    "unreadable": Text(
        "có dòng dữ liệu bị ghi đè, không đọc được nữa",
        "rows of it were written over and cannot be read any more",
    ),
    # the rows beside them
    "column": Text(
        "cột “{column}” của hồ sơ không khớp các sự kiện",
        "its column “{column}” does not follow from the events",
    ),
    "row": Text(
        "dòng trong bảng {table} không khớp các sự kiện (cột “{column}”)",
        "a row of table {table} does not follow from its events (column “{column}”)",
    ),
    "row-of": Text(
        "dòng trong bảng {table} không khớp sự kiện số {seq}",
        "a row of table {table} does not follow from event {seq}",
    ),
    "event-gone": Text(
        "sự kiện số {seq} không còn, mà sự kiện số {by_seq} của hồ sơ {by} được ghi ngay sau nó: hồ sơ đã bị "
        "xóa hoặc viết lại",
        "its event {seq} is gone, though event {by_seq} of record {by} was written right after it: it was "
        "wiped or written anew",
    ),
    "draft": Text(
        "nội dung nhập không còn như lúc trình (sự kiện số {seq})",
        "what was typed is not what was submitted (event {seq})",
    ),
    "type": Text("loại hồ sơ “{slug}” không có trong hệ thống", "there is no type of record called “{slug}”"),
    "remark-changed": Text(
        "lời nhận xét kèm sự kiện số {seq} đã bị sửa", "the remark beside event {seq} was changed"
    ),
    "remark-missing": Text(
        "thiếu lời nhận xét kèm sự kiện số {seq}", "the remark beside event {seq} is missing"
    ),
    "remark-erased": Text(
        "lời nhận xét kèm sự kiện số {seq} bị xóa trắng mà hồ sơ chưa được hủy",
        "the remark beside event {seq} was erased, and the record was never destroyed",
    ),
    "remark-added": Text(
        "có lời nhận xét mà sự kiện số {seq} không ghi nhận",
        "there is a remark that event {seq} does not know",
    ),
    "revision-missing": Text("thiếu bản số {number}", "revision {number} is missing"),
    "revision-added": Text("bản số {number} không do sự kiện nào tạo ra", "no event made revision {number}"),
    "revision-changed": Text(
        "bản số {number} đã bị sửa (“{column}” không khớp sự kiện số {seq})",
        "revision {number} was changed (“{column}” does not fit event {seq})",
    ),
    "signature-missing": Text(
        "thiếu dòng chữ ký của bước “{step}” (sự kiện số {seq})",
        "the signature row of step “{step}” (event {seq}) is missing",
    ),
    "signature-added": Text(
        "dòng chữ ký ở bước “{step}” không do sự kiện nào tạo ra",
        "no event made the signature row of step “{step}”",
    ),
    "signature-changed": Text(
        "dòng chữ ký của bước “{step}” không khớp sự kiện số {seq}",
        "the signature row of step “{step}” does not fit event {seq}",
    ),
    "number-missing": Text(
        "sổ “{series}” năm {year} thiếu số {number}", "series “{series}” of {year} lacks number {number}"
    ),
    "number-changed": Text(
        "số {number} của sổ “{series}” năm {year} không khớp hồ sơ mang số ấy",
        "number {number} of series “{series}” of {year} does not fit the record that has it",
    ),
    "number-unknown": Text(
        "mang số {number} mà sổ không cấp", "it has number {number}, which no series gave out"
    ),
    "kept-changed": Text(
        "bảng {table}: dòng {key} không còn như lúc hệ thống ghi (đã bị sửa)",
        "table {table}: row {key} is not as the system wrote it (it was changed)",
    ),
    "kept-missing": Text("bảng {table}: dòng {key} đã bị xóa", "table {table}: row {key} was taken away"),
    "kept-added": Text(
        "bảng {table}: dòng {key} không do hệ thống ghi (bị chèn thêm)",
        "table {table}: row {key} was not written by the system (it was put in)",
    ),
    "kept-list": Text(
        "bảng {table}: nhật ký ghi dòng không còn như lúc gốc số {root} cam kết",
        "table {table}: the entries of its rows are not those to which root {root} commits",
    ),
    "limits-unreadable": Text(
        "quy định thời hạn hoặc lịch của trường bị ghi đè, không đọc được nữa, nên không tính lại được "
        "thời hạn",
        "the school's deadline rules or calendar were written over and cannot be read, so no limit can be "
        "computed anew",
    ),
    "kept-unreadable": Text(
        "bảng {table}: có dòng bị ghi đè, không đọc được nữa",
        "table {table}: a row was written over and cannot be read any more",
    ),
    "authority-missing": Text(
        "nơi cấp chứng thư của hệ thống không còn trong cơ sở dữ liệu, nên không kiểm tra được chữ ký và dấu "
        "thời gian; hãy khôi phục từ bản sao lưu",
        "the system's certificate authority is gone from the database, so neither signatures nor time-stamps "
        "can be checked; restore a backup",
    ),
    # roots
    "root-missing": Text("thiếu gốc số {root}", "root {root} is missing"),
    "root-changed": Text(
        "gốc số {root} đã bị sửa: không khớp mã băm của chính nó",
        "root {root} was changed: it does not fit its own hash",
    ),
    "root-moved": Text(
        "gốc số {root} không nối tiếp gốc trước nó", "root {root} does not follow the root before it"
    ),
    "root-leaves": Text(
        "danh sách đầu chuỗi của gốc số {root} đã bị sửa: không cho ra gốc ấy",
        "the heads under root {root} were changed: they do not lead to it",
    ),
    "leaf": Text(
        "sự kiện số {seq} không còn là sự kiện mà gốc số {root} đã cam kết",
        "event {seq} is not the one to which root {root} commits",
    ),
    "stamp": Text(
        "dấu thời gian của gốc số {root} không chứng minh được gốc ấy",
        "the time-stamp of root {root} does not prove it",
    ),
    "stamp-missing": Text(
        "dấu thời gian của gốc số {root} đã bị xóa: các gốc sau chứng tỏ từng có nó",
        "the time-stamp of root {root} was taken away: later roots show that it was there",
    ),
    "stamp-late": Text(
        "gốc số {root} đã {days} ngày vẫn chưa có dấu thời gian: nơi cấp không trả lời, hoặc dấu đã bị xóa",
        "root {root} has had no time-stamp for {days} days: no authority answers, or it was taken away",
    ),
    "stamp-changed": Text(
        "dấu thời gian của gốc số {root} không còn là dấu mà một gốc sau đã cam kết",
        "the time-stamp of root {root} is not the one to which a later root commits",
    ),
    "stamp-untrusted": Text(
        "dấu thời gian của gốc số {root} còn nguyên nhưng chưa tin được nơi cấp ({tsa}): thiếu chứng "
        "thư gốc hoặc danh sách thu hồi còn hạn",
        "the time-stamp of root {root} is whole, but its authority ({tsa}) is not trusted here: its root "
        "certificate or a valid revocation list is missing",
    ),
    "root-cut": Text(
        "chuỗi gốc không chứa gốc có mã băm {hash}: chuỗi đã bị cắt ngắn hoặc viết lại",
        "the chain of roots does not hold the one whose hash is {hash}: it was cut short or written anew",
    ),
    # files
    "file-missing": Text("thiếu tệp {sha256}", "the file {sha256} is missing"),
    "file-changed": Text(
        "tệp {sha256} đã bị sửa: nội dung không khớp tên",
        "the file {sha256} was changed: it does not fit its name",
    ),
    "not-destroyed": Text(
        "ghi là đã hủy nhưng không có quyết định hủy tương ứng",
        "it is said to be destroyed, but no record of its destruction fits",
    ),
    "signatures": Text("tệp lưu trữ không đạt: {why}", "the archived file does not hold: {why}"),
    "unchecked": Text(
        "chưa kiểm tra được tệp lưu trữ: {why}", "the archived file could not be checked: {why}"
    ),
}
"""What each kind of finding says."""
