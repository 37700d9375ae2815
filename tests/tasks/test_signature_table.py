"""The signature table: every way each document type can be signed, from the author to the archive.

For each row, after the last signature and the archive timestamp: every signature holds in pyHanko's full
validation with difference analysis and in poppler's `pdfsig`; the file is PDF/A-2a for veraPDF; and page
by page, revision by revision, nothing is drawn differently outside the box that was signed.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pypdfium2
import pytest
from PIL import Image, ImageChops, ImageDraw

from flows import plan
from flows.catalogue import (
    APPEAL,
    DESTRUCTION_LIST,
    LESSON_PLAN,
    LESSON_PLAN_ADDENDUM,
    SPOT_CHECK,
    TEACHER_TEACHING_PLAN,
    TEAM_TEACHING_PLAN,
    TYPES,
    VIOLATION_MINUTES,
)
from flows.grammar import Acknowledge, DocumentType, Step
from flows.step_checks import Way, ways
from tasks import signing, verifying
from tasks.verifying import Changes, Level, Report
from tests import signatures, third_parties, verapdf
from tests.processes import PROCESSES
from tests.signatures import (
    NOW,
    Paper,
    addendum,
    lesson_plan,
    paper,
    paper_of,
    person,
    teacher_plan,
    team_plan,
    timestamper,
    trust,
)
from tests.tasks.test_rendering import a_destruction_list, a_spot_check, an_appeal, minutes

SCALE = 100 / 72  # pages are compared at 100 dots per inch


@dataclass(frozen=True)
class Act:
    """Who signs which field, under which words."""

    field: str
    who: str
    lines: tuple[str, ...] = ()
    texts: tuple[tuple[str, str], ...] = ()


AUTHOR = Act("author", "lan")
HEAD = Act("group_review", "hoa", ("TỔ TRƯỞNG CHUYÊN MÔN",))
DEPUTY_HEAD = Act("group_review", "lan", ("KT. TỔ TRƯỞNG CHUYÊN MÔN", "TỔ PHÓ CHUYÊN MÔN"))
PRINCIPAL = Act("principal_approval", "minh", ("HIỆU TRƯỞNG",))
VICE = Act("principal_approval", "ngoc", ("KT. HIỆU TRƯỞNG", "PHÓ HIỆU TRƯỞNG"))
DELEGATE = Act("principal_approval", "hoa", ("TUQ. HIỆU TRƯỞNG", "TỔ TRƯỞNG CHUYÊN MÔN"))

NUMBER_AND_DATE = (("number", "05"), ("date", "ngày 18 tháng 11 năm 2026"))
TEAM_AUTHOR = Act("author", "hoa", ("TỔ TRƯỞNG CHUYÊN MÔN",))
TEAM_VICE = Act("vice_principal_review", "ngoc", ("PHÓ HIỆU TRƯỞNG",))
TEAM_PRINCIPAL = Act("principal_approval", "minh", ("HIỆU TRƯỞNG",), NUMBER_AND_DATE)
TEAM_SECOND_VICE = Act("principal_approval", "hanh", ("KT. HIỆU TRƯỞNG", "PHÓ HIỆU TRƯỞNG"), NUMBER_AND_DATE)
TEAM_DELEGATE = Act("principal_approval", "lan", ("TUQ. HIỆU TRƯỞNG", "TỔ PHÓ"), NUMBER_AND_DATE)
SEAL = Act("seal", "thu", ("TRƯỜNG TIỂU HỌC THĂNG LONG",))

TABLE: dict[str, tuple[DocumentType, Callable[[], Paper], tuple[Act, ...]]] = {
    "lesson plan, principal": (LESSON_PLAN, lesson_plan, (AUTHOR, HEAD, PRINCIPAL)),
    "lesson plan, vice principal for": (LESSON_PLAN, lesson_plan, (AUTHOR, HEAD, VICE)),
    "lesson plan, delegate for": (LESSON_PLAN, lesson_plan, (AUTHOR, HEAD, DELEGATE)),
    "note after teaching": (LESSON_PLAN_ADDENDUM, addendum, (AUTHOR,)),
    "teaching plan, principal": (TEACHER_TEACHING_PLAN, teacher_plan, (AUTHOR, HEAD, PRINCIPAL)),
    "teaching plan, deputy and vice principal for": (
        TEACHER_TEACHING_PLAN,
        teacher_plan,
        (replace(AUTHOR, who="hoa"), DEPUTY_HEAD, VICE),
    ),
    "group plan, principal": (TEAM_TEACHING_PLAN, team_plan, (TEAM_AUTHOR, TEAM_VICE, TEAM_PRINCIPAL, SEAL)),
    "group plan, vice principal for": (
        TEAM_TEACHING_PLAN,
        team_plan,
        (TEAM_AUTHOR, TEAM_VICE, TEAM_SECOND_VICE, SEAL),
    ),
    "group plan, delegate for": (
        TEAM_TEACHING_PLAN,
        team_plan,
        (TEAM_AUTHOR, TEAM_VICE, TEAM_DELEGATE, SEAL),
    ),
}

TABLE["destruction list"] = (
    DESTRUCTION_LIST,
    lambda: paper("destruction_list", a_destruction_list(40)),
    (replace(AUTHOR, who="lan"), TEAM_VICE, TEAM_PRINCIPAL, SEAL),
)

SIGNERS = ("lan", "hoa", "ngoc", "minh", "hanh")
WORDS = "Máy tính hỏng từ thứ Hai, đã báo tổ trưởng; xin nộp bù trước thứ Sáu."


def acts_of(way: Way) -> tuple[Act, ...]:
    """The signatures of one way through a process, each by another person, with the words they fill in."""
    signed = [(step, action) for step, action in way if action in step.signing]
    return tuple(
        Act(
            step.name,
            who,
            texts=tuple((field, WORDS) for field in (step.filled(action), _told(step)) if field),
        )
        for (step, action), who in zip(signed, SIGNERS, strict=False)
    )


def _told(step: Step) -> str:
    return step.text if isinstance(step, Acknowledge) else ""


def named(process: str, way: Way) -> str:
    return f"{process}: " + ", ".join(f"{step.name} {action}" for step, action in way[1:-1])


WAYS = {
    named(name, way): (name, acts_of(way))
    for name, declared in PROCESSES.items()
    for way in ways(declared.steps, orders=True)
}
"""Every way through groups in every order, statements, refusals with their witness, decisions."""

ANSWERED: dict[str, Callable[[], Paper]] = {
    SPOT_CHECK.slug: lambda: paper("spot_check", a_spot_check()),
    VIOLATION_MINUTES.slug: lambda: paper("violation_minutes", minutes()),
    APPEAL.slug: lambda: paper("appeal", an_appeal()),
}
"""Papers of the types whose ways part."""
WAYS_OF_TYPES = {
    named(declared.slug, way): (declared.slug, acts_of(way))
    for declared in TYPES
    if declared.slug in ANSWERED
    for way in ways(declared.steps, orders=True)
}


def apply(act: Act, paper: Paper, pdf: bytes, shown: Mapping[str, Any] | None = None) -> bytes:
    return signatures.sign(
        pdf,
        act.field,
        person(act.who),
        paper.boxes[act.field],
        lines=act.lines,
        texts=paper.texts(dict(act.texts)),
        certify=pdf is paper.pdf,
        look=shown,
    )


Looks = Callable[[Act, Paper, Act | None], Mapping[str, Any]]
"""What an act's signature shows besides words, by the act before it."""


def words_alone(_act: Act, _paper: Paper, _before: Act | None) -> Mapping[str, Any]:
    return {}


def revisions(paper: Paper, acts: tuple[Act, ...], looks: Looks = words_alone) -> list[bytes]:
    """The file after each signature, and after the archive timestamp."""
    files = [paper.pdf]
    for before, act in zip((None, *acts), acts, strict=False):
        files.append(apply(act, paper, files[-1], looks(act, paper, before)))
    files.append(signing.archive_timestamp(files[-1], trust(), timestamper(), NOW))
    return files


@pytest.mark.parametrize("row", TABLE)
def test_every_way_to_the_archive(row: str) -> None:
    _, make, acts = TABLE[row]
    it_holds_everywhere(make(), acts)


@pytest.mark.parametrize("row", WAYS)
def test_every_way_of_a_process_no_type_has_yet(row: str) -> None:
    name, acts = WAYS[row]
    it_holds_everywhere(paper_of(name), acts)


@pytest.mark.parametrize("row", WAYS_OF_TYPES)
def test_every_way_of_a_type_whose_ways_part(row: str) -> None:
    slug, acts = WAYS_OF_TYPES[row]
    it_holds_everywhere(ANSWERED[slug](), acts)


def it_holds_everywhere(paper: Paper, acts: tuple[Act, ...], looks: Looks = words_alone) -> list[bytes]:
    """The files, once all of it held."""
    files = revisions(paper, acts, looks)

    report = verifying.validate(files[-1], trust(), NOW, tuple(act.field for act in acts))
    assert report.problem is None
    assert [(s.field, s.ok, s.level) for s in report.signatures] == [
        *((act.field, True, Level.LTA) for act in acts),
        ("archive", True, Level.LT),
    ]
    assert report.ok
    said = third_parties.pdfsig(files[-1])
    assert "has not yet been verified" in said.pop("archive"), "poppler does not know document timestamps"
    assert said == {act.field: "Signature is Valid." for act in acts}
    assert verapdf.check(files[-1]) == []
    for (before, after), act in zip(itertools.pairwise(files), [*acts, None], strict=True):
        drawn = [] if act is None else [act.field, *(name for name, _ in act.texts)]
        assert changed_outside(before, after, paper, drawn) == []
        if act is not None:
            assert changed_outside(before, after, paper, []) != [], f"{act.field} drew nothing"
    return files


@pytest.mark.parametrize("declared", TYPES, ids=lambda declared: declared.slug)
def test_the_table_signs_what_the_type_declares(declared: DocumentType) -> None:
    if declared.slug in ANSWERED:
        assert any(slug == declared.slug for slug, _ in WAYS_OF_TYPES.values())
        return
    signing_steps = [plan.field_of(step) for step in declared.steps if getattr(step, "signs", False)]
    rows = [acts for of, _, acts in TABLE.values() if of is declared]
    assert rows
    assert [[act.field for act in acts] for acts in rows] == [signing_steps] * len(rows)


def test_returned_to_the_draft_starts_on_a_fresh_file() -> None:
    """The old revision keeps its signature, the new one knows nothing of it."""
    first, second = lesson_plan(), lesson_plan(lessons=3)
    old = apply(HEAD, first, apply(AUTHOR, first, first.pdf))
    files = revisions(second, (AUTHOR, HEAD, PRINCIPAL))
    assert verifying.validate(old, trust(), NOW, ("author", "group_review")).ok
    assert verifying.validate(files[-1], trust(), NOW).ok
    assert verapdf.check(files[-1]) == []


def test_returned_to_a_step_goes_on_from_the_file_before_it() -> None:
    """The head's signature is taken back: the head, here the deputy, signs the author's file again."""
    paper = lesson_plan()
    by_author = apply(AUTHOR, paper, paper.pdf)
    superseded = apply(PRINCIPAL, paper, apply(HEAD, paper, by_author))
    again = apply(PRINCIPAL, paper, apply(DEPUTY_HEAD, paper, by_author))
    archived = signing.archive_timestamp(again, trust(), timestamper(), NOW)
    for pdf in (superseded, archived):
        report = verifying.validate(pdf, trust(), NOW, ("author", "group_review", "principal_approval"))
        assert report.ok
    assert signer_of(verifying.validate(archived, trust(), NOW), "group_review") == "Nguyễn Thị Lan"
    assert verapdf.check(archived) == []


def test_number_and_date_are_closed_by_the_signature_that_filled_them() -> None:
    paper = team_plan()
    pdf = paper.pdf
    for act in (TEAM_AUTHOR, TEAM_VICE, TEAM_PRINCIPAL):
        pdf = apply(act, paper, pdf)
    other = Act("seal", "thu", SEAL.lines, (("number", "50"),))
    report = verifying.validate(apply(other, paper, pdf), trust(), NOW)
    assert {s.field: s.changes for s in report.signatures}["principal_approval"] is Changes.FORBIDDEN
    assert not report.ok


def test_figures(capsys: pytest.CaptureFixture[str]) -> None:
    """Printed, not asserted: time of a signature, of full validation, of the archive timestamp, sizes."""
    paper = team_plan()
    pdf, times, sizes = paper.pdf, [], [len(paper.pdf)]
    for act in (TEAM_AUTHOR, TEAM_VICE, TEAM_PRINCIPAL, SEAL):
        who, box = person(act.who), paper.boxes[act.field]
        texts = paper.texts(dict(act.texts))
        request = signatures.request(
            pdf, act.field, who, box, act.lines, texts, certify=act.field == "author"
        )
        signatory = signing.Signatory(who.certificate, who.key, trust(), timestamper())
        # The first finds paths and sizes, as once per person.
        times.extend(measured(partial(signatory.sign, request)) for _ in range(4))
        pdf = signatory.sign(request).pdf
        sizes.append(len(pdf))
    archive = measured(lambda: signing.archive_timestamp(pdf, trust(), timestamper(), NOW))
    pdf = signing.archive_timestamp(pdf, trust(), timestamper(), NOW)
    sizes.append(len(pdf))
    validation = measured(lambda: verifying.validate(pdf, trust(), NOW))
    with capsys.disabled():
        print(
            f"\nsignature {statistics.median(times):.0f} ms (CPU, median), full validation of 5 "
            f"{validation:.0f} ms, archive timestamp {archive:.0f} ms, sizes {sizes} bytes"
        )


def measured(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return (time.process_time() - begun) * 1000


def signer_of(report: Report, field: str) -> str:
    return next(signature.signer for signature in report.signatures if signature.field == field)


def changed_outside(before: bytes, after: bytes, paper: Paper, fields: list[str]) -> list[int]:
    """Pages (from 0) that look different outside the boxes of these fields."""
    return [
        number
        for number, (old, new) in enumerate(zip(pages(before), pages(after), strict=True))
        if differ(covered(old, paper, fields, number), covered(new, paper, fields, number))
    ]


def differ(one: Image.Image, other: Image.Image) -> bool:
    return ImageChops.difference(one, other).getbbox() is not None


def pages(pdf: bytes, scale: float = SCALE) -> Iterator[Image.Image]:
    document = pypdfium2.PdfDocument(pdf)
    document.init_forms()
    for page in document:
        yield page.render(scale=scale, may_draw_forms=True).to_pil().convert("RGB")
    document.close()


def covered(image: Image.Image, paper: Paper, fields: list[str], page: int) -> Image.Image:
    pen = ImageDraw.Draw(image)
    for field in fields:
        box = paper.boxes[field]
        if box.page == page:
            left, bottom, right, top = (side * SCALE for side in box.rect)
            pen.rectangle((left - 1, image.height - top - 1, right + 1, image.height - bottom + 1), "white")
    return image
