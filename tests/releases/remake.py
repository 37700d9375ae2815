"""Makes the database of an older release, with documents in every state, for `tests/models/test_upgrade.py`.

Run once for a release, with its code:

    git worktree add /tmp/release f17a4b5
    cd /tmp/release && PYTHONPATH=. python <here>/tests/releases/remake.py <here>/tests/releases/0001

Everything is imported from the release but the two files named below, which only read and write. Its keys
expire three years after it was made.
"""

from __future__ import annotations

import importlib.util
import io
import json
import sys
import tarfile
import tempfile
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from uuid import uuid4

from sqlmodel import Session, col, select, update

from flows import day_rows
from flows.posts import actor_of
from models.document import Document, Revision
from models.event import Event
from tasks.mailing import fold
from tasks.pools import IntakePool
from tasks.signers import SignersPool
from tasks.signing_child import Setting
from tests import stamp_server
from tests.cast import make_cast
from tests.conftest import MASTER_KEY, StampServer, open_office

HERE = Path(__file__).parents[2]


def borrowed(path: str) -> ModuleType:
    """A file of this tree, over the release's own modules."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, HERE / path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def main(target: Path) -> None:
    portable, states = borrowed("models/portable.py"), borrowed("tests/states.py")
    stamps = StampServer()
    with tempfile.TemporaryDirectory() as folder, stamp_server.server(stamps.answer) as (stamps.url, _):
        pools = IntakePool(1), SignersPool(1, Setting(MASTER_KEY, stamps.url))
        office = open_office(Path(folder) / "data", stamps, pools)
        cast = make_cast(office)
        made = states.records(cast)
        _as_if_driven(office, made)
        with office.db.read() as session:
            tables = [
                {**asdict(shape), "lines": list(portable.lines(session, shape))}
                for shape in portable.shapes()
            ]
            files = _files_by_status(session)
        rows = {"tables": tables, "states": made, "ids": cast.ids, "school": cast.school_id}
        parts = {
            "rows": {"rows.json": json.dumps(rows, ensure_ascii=False).encode(), "master.key": MASTER_KEY}
        }
        for status, names in files.items():
            parts[status] = {name: office.blobs.get(name) for name in sorted(names)}
        office.db.dispose()
        for pool in pools:
            pool.close()
    target.mkdir(exist_ok=True)
    for name, members in parts.items():
        _write(target / f"{name}.tar.xz", members)


def _files_by_status(session: Session) -> dict[str, set[str]]:
    """Every file of the documents, in archives that each stay small."""
    files: dict[str, set[str]] = {}
    for status, *names in session.exec(
        select(Document.status, Event.input_blob, Event.output_blob, Revision.pdf, Revision.final)
        .join(Event, col(Event.document_id) == col(Document.id))
        .join(Revision, col(Revision.document_id) == col(Document.id))
    ):
        files.setdefault(status, set()).update(name for name in names if name)
    return files


def _write(path: Path, members: dict[str, bytes]) -> None:
    with tarfile.open(path, "w:xz", preset=9) as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    print(f"{path}: {path.stat().st_size} bytes, {len(members)} files")


def _as_if_driven(office, made) -> None:  # type: ignore[no-untyped-def]
    """The worker parked what waits for people; the mailer wrote what was due."""
    with office.db.write() as session:
        for state, document_id in made.items():
            if state not in ("draft", "waits for the archive"):
                version = session.exec(select(Document.version).where(col(Document.id) == document_id)).one()
                session.exec(
                    update(Document)
                    .where(col(Document.id) == document_id)
                    .values(run_id=str(uuid4()), settled=True, dispatched=version)
                )
    later = office.now() + timedelta(minutes=2)
    fold(
        office.db, office.settings, later, lambda s, who: actor_of(s, who).audiences(), day_rows.working_days
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
