"""The inbox: the queue of what waits for me, its filters, and beside it the record to look at now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response
from sqlmodel import Session

from flows import inbox as counted
from flows import marks, queries, round_marks, sources, succession, views
from flows.catalogue import type_of
from flows.inbox import Facets
from flows.links import known_for
from flows.marks import Note
from flows.office import Office
from flows.queries import COUNTED, Waiting
from flows.views import View
from models.document import Document, Revision
from models.errors import RecordsError
from models.text import Text
from service import act_words, form_differences, page_images, remarks, words
from service.access import PageViewer, Viewer
from service.deps import OfficeDep
from service.pages import saved as filters
from service.pages.documents import about
from service.templating import language_of, page
from tasks import comparing
from tasks.comparing import Piece

router = APIRouter()

QUEUE = 200
"""Documents the list at the side shows; the filters narrow it."""
CHANGES = 60
"""Changes that are shown in the facts; more are a record to be read anew, or compared page by page."""
LONG_TEXTS = 20_000
"""Characters from which on a comparison goes to a child process."""
PREFETCHED = 2
"""Page images of the next record that are fetched ahead; the script holds them to a number of bytes."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the queue is narrowed to, as it stands in the address."""

    type: str = ""
    week: str = ""
    group: str = ""
    owner: str = ""
    late: str = ""
    returned: str = ""
    q: str = ""

    @property
    def given(self) -> dict[str, str]:
        """The filters that are set."""
        return {name: value for name, value in asdict(self).items() if value}

    @property
    def query(self) -> str:
        """The filters as an address carries them; empty when there are none."""
        return urlencode(self.given)

    def at(self, document_id: str) -> str:
        """The address of a record in this queue."""
        return f"/inbox?doc={document_id}" + (f"&{self.query}" if self.query else "")


@dataclass(frozen=True, slots=True)
class Bundle:
    """The queue's documents that are due on the same day."""

    words: Text
    over: bool
    items: tuple[Waiting, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A place that differs from the revision before, in pieces, with the page its lesson begins on."""

    difference: form_differences.Difference
    lines: tuple[tuple[Piece, ...], ...]
    page: int | None


@router.get("/inbox")
def inbox(
    request: Request,
    viewer: PageViewer,
    office: OfficeDep,
    asked: Annotated[Asked, Depends()],
    doc: str = "",
) -> Response:
    """What waits for me, the oldest deadline first, beside the document to look at now."""
    with office.db.read() as session:
        facets = counted.facets(session, viewer.actor)
        queue = _queue(session, viewer, asked)
        at = next((n for n, w in enumerate(queue) if w.document.id == doc), 0)
        view = views.view(session, viewer.actor, queue[at].document.id, office.now()) if queue else None
        held = round_marks.round_of(session, viewer.actor)
        notes = marks.notes_of(session, viewer.actor, view) if view else {}
        based_on = sources.based_on(session, viewer.actor, view.document) if view else ()
        replaces = succession.to_replace(session, viewer.actor, view.document) if view else None
        following = queue[at + 1].document if at + 1 < len(queue) else None
        ahead = session.get(Revision, (following.id, following.revision)) if following else None
        saved = filters.shown(
            session,
            viewer.actor,
            "inbox",
            asked.given,
            lambda query: (
                len(_queue(session, viewer, Asked(**query), COUNTED)) if "q" in query else facets.finds(query)
            ),
        )
        of = _just_done(session, viewer, request.query_params.get("of", ""))
    frame: dict[str, Any] = {
        "asked": asked,
        "facets": facets,
        "listed": "list" in request.query_params,
        "done": _done(of, request.query_params.get("done", "")),
        "of": of,
        "saved": saved,
        "filters_": asked.given,
        "place": "inbox",
        "choices": _choices(facets),
    }
    if view is None:
        return page(request, viewer, "pages/inbox.html", view=None, **frame)
    shown = view.revisions[-1] if view.revisions else None
    changes, changed = changes_of(office, view)
    earlier = remarks.earlier(view, shown.fields) if shown else []
    return page(
        request,
        viewer,
        "pages/inbox.html",
        **frame,
        **about(office, view, language_of(request, viewer)),
        bundles=_bundles(queue, office.now()),
        type_of=type_of,
        previous=queue[at - 1].document.id if at else "",
        following=following.id if following else "",
        ahead=_ahead(following, ahead),
        place_in_queue=at + 1,
        count=len(queue),
        missed=bool(doc) and queue[at].document.id != doc,
        shown=shown,
        based_on=based_on,
        replaces=replaces,
        extent=page_images.size_of(office, shown.final) if shown else None,
        changes=changes,
        changed=changed,
        acts=act_words.acts(view.turns),
        notes=notes,
        no_note=Note(),
        seen_count=sum(note.seen for note in notes.values()),
        earlier=earlier,
        removed=[e for e in earlier if e.fate == "removed"],
        commented=remarks.by_part(earlier),
        marked=held.ids,
        onward=asked.at(onward) if (onward := _onward(queue, at, held.ids)) else "",
    )


def _queue(session: Session, viewer: Viewer, asked: Asked, most: int = QUEUE) -> list[Waiting]:
    """What the filters leave, whose title or author holds every word that is looked for."""
    sought = words.folded(asked.q).split()
    found = queries.waiting(
        session,
        viewer.actor,
        type=asked.type,
        week=asked.week,
        group=asked.group,
        owner=asked.owner,
        late=bool(asked.late),
        returned=bool(asked.returned),
        limit=COUNTED if sought else most,
    )
    if not sought:
        return found
    named = [(w, words.folded(f"{w.document.title} {w.owner}")) for w in found]
    return [w for w, name in named if all(word in name for word in sought)][:most]


def _just_done(session: Session, viewer: Viewer, document_id: str) -> Document | None:
    """The record that was decided on before this page, when this account may see it."""
    return queries.seen(session, viewer.actor, document_id) if document_id else None


def _done(of: Document | None, action: str) -> Text | None:
    """What was just done to that record."""
    return act_words.done_words(action, type_of(of.type)) if of else None


def _onward(queue: Sequence[Waiting], at: int, marked: frozenset[str]) -> str:
    """The next record that is not in the round yet, later ones first; "" when all are."""
    around = [*queue[at + 1 :], *queue[:at]]
    return next((w.document.id for w in around if w.document.id not in marked), "")


def _ahead(following: Document | None, revision: Revision | None) -> list[str]:
    """Addresses of the page images the next record begins with."""
    if following is None or revision is None:
        return []
    return [
        f"/documents/{following.id}/pages/{n}.webp?revision={revision.number}&v={revision.final[:16]}"
        for n in range(1, min(PREFETCHED, revision.pages) + 1)
    ]


def _choices(facets: Facets) -> list[tuple[str, Text, list[tuple[str, Text]]]]:
    """The filters with their choices: name, label, (value, words with the count)."""

    def said(name: Text | str, count: int) -> Text:
        text = name if isinstance(name, Text) else words.same(name)
        return Text(f"{text.vi} ({words.number(count).vi})", f"{text.en} ({words.number(count).en})")

    return [
        (
            "type",
            Text("Loại", "Type"),
            [
                ("", Text("Mọi loại", "All types")),
                *((f.value, said(type_of(f.value).short, f.count)) for f in facets.types),
            ],
        ),
        (
            "week",
            Text("Tuần", "Week"),
            [
                ("", Text("Mọi tuần", "All weeks")),
                *((f.value, said(Text(f"Tuần {f.words}", f"Week {f.words}"), f.count)) for f in facets.weeks),
            ],
        ),
        (
            "group",
            Text("Tổ", "Group"),
            [("", Text("Mọi tổ", "All groups")), *((f.value, said(f.words, f.count)) for f in facets.groups)],
        ),
        (
            "owner",
            Text("Người soạn", "Author"),
            [
                ("", Text("Mọi người soạn", "All authors")),
                *(
                    (f.value, said(f.words, f.count))
                    for f in sorted(facets.owners, key=lambda f: words.by_given_name(f.words))
                ),
            ],
        ),
    ]


def _bundles(queue: Sequence[Waiting], now: datetime) -> list[Bundle]:
    """The queue by due day; what is over stands first and together."""
    found: dict[tuple[bool, str], list[Waiting]] = {}
    for item in queue:
        over = item.due_at is not None and item.due_at <= now
        label = "" if over or item.due_at is None else words.limit(item.due_at).vi
        found.setdefault((over, label), []).append(item)
    bundles = []
    for (over, label), items in found.items():
        due = items[0].due_at
        if over:
            said = Text("Quá hạn duyệt", "Review overdue")
        elif due is None or not label:
            said = Text("Không có hạn", "No limit")
        else:
            limit = words.limit(due)
            said = Text(f"Hạn {limit.vi}", f"Due {limit.en}")
        bundles.append(Bundle(said, over, tuple(items)))
    return bundles


def changes_of(office: Office, view: View) -> tuple[list[Change], int]:
    """What the newest revision changed: the first changes in pieces, and how many in all."""
    if len(view.revisions) < 2:
        return [], 0
    with office.db.read() as session:
        known = known_for(session, view.document)
    before, after = view.revisions[-2:]
    found = form_differences.differences(view.here.declared.form.fields, before.fields, after.fields, known)
    texts = [(d.one, d.other) for d in found[:CHANGES]]
    try:
        # Long texts are compared in a child: the pages of others stay quick.
        small = sum(len(one) + len(other) for one, other in texts) < LONG_TEXTS
        lines = comparing.many(texts) if small else office.intake.submit(comparing.many, texts)
    except RecordsError:
        lines = [((Piece("del", one), Piece("ins", other)),) for one, other in texts]
    return [Change(d, pieces, after.parts.get(d.part)) for d, pieces in zip(found, lines, strict=False)], len(
        found
    )
