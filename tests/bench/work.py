"""A document's own work in one bare process: laid out, signed three times, validated, archive-stamped.

`python -m tests.bench.work <document id> …` prints the average processor seconds as JSON. Keys are opened
beforehand: the price of a PIN (argon2) counts as nobody's work, which makes the comparison harder for us.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from flows import certification, keyring
from flows.facts import facts_of
from flows.office import Office, close_office, open_office
from flows.reading import read
from models.account import Account
from models.document import Document, Revision, Signature
from models.settings import Settings
from tasks import archiving, rendering
from tasks.certificates import Trust
from tasks.keys import PrivateKey, Secret, unlock
from tasks.signing import Signatory, SignRequest, prepare
from tasks.stamp_servers import HttpTimeStamper, StampServer
from tests.cast import PIN

Job = tuple[str, Callable[[], Any]]


def main() -> None:
    office = open_office(Settings(), "bench")
    stamper = HttpTimeStamper(StampServer(office.settings.timestamp_url))
    rendering.warm()
    keys: dict[str, PrivateKey] = {}
    ids = sys.argv[1:]
    spent = {"render": 0.0, "sign": 0.0, "verify": 0.0}
    for turn, document_id in enumerate([ids[0], *ids]):
        with office.db.read() as session:
            jobs = _jobs(office, session, document_id, stamper, keys)
        for kind, job in jobs:
            began = time.process_time()
            job()
            if turn:  # the first is done twice, once to warm up
                spent[kind] += time.process_time() - began
    print(json.dumps({kind: seconds / len(ids) for kind, seconds in spent.items()}))
    close_office(office)


def _jobs(
    office: Office,
    session: Session,
    document_id: str,
    stamper: HttpTimeStamper,
    keys: dict[str, PrivateKey],
) -> list[Job]:
    document = session.get_one(Document, document_id)
    here = read(session, document_id, document.school_id)
    revision = session.get_one(Revision, (document_id, document.revision))
    data = here.declared.lay_out(revision.fields, facts_of(session, document, office.now()))
    trust = certification.trust_of(session)

    def lay_out() -> None:
        rendered = rendering.render(here.declared.layout, data, {})
        prepare(rendered.pdf, rendered.boxes)

    signatures = session.exec(
        select(Signature)
        .where(col(Signature.document_id) == document_id, col(Signature.revision) == document.revision)
        .order_by(col(Signature.signed_at))
    ).all()
    jobs: list[Job] = [("render", lay_out)]
    jobs += [("sign", _signing(office, session, revision, row, trust, stamper, keys)) for row in signatures]
    signed = office.blobs.get(signatures[-1].output_blob)
    expected = {row.field: row.certificate for row in signatures}
    jobs.append(("verify", lambda: archiving.validate(signed, trust, office.now(), expected)))
    jobs.append(("verify", lambda: archiving.timestamp(signed, trust, stamper, office.now())))
    return jobs


def _signing(
    office: Office,
    session: Session,
    revision: Revision,
    row: Signature,
    trust: Trust,
    stamper: HttpTimeStamper,
    keys: dict[str, PrivateKey],
) -> Callable[[], None]:
    """One signature as a single decision makes it: its stamp, its revision, its check."""
    account = session.get_one(Account, row.account_id)
    held = keyring.key_of(session, account.id, "person")
    if account.id not in keys:
        keys[account.id] = unlock(held.protected, Secret(PIN), office.settings.master_key, account.id)
    pdf = office.blobs.get(row.input_blob)
    lines = tuple(row.authority.split(" / ")) if row.authority else ()

    def sign() -> None:
        request = SignRequest(
            pdf=pdf,
            field=row.field,
            certificate=held.certificate,
            owner=account.id,
            trust=trust,
            now=office.now(),
            reason=row.step,
            stamp=stamp(revision.boxes[row.field], lines, account.full_name, office.now()),
            certify=row.field == "author",
        )
        Signatory(held.certificate, keys[account.id], trust, stamper).sign(request)

    return sign


def stamp(box: Sequence[float], lines: Sequence[str], name: str, now: datetime) -> bytes:
    """The picture of a person's signature, as a decision draws it."""
    left, bottom, right, top = box
    return rendering.stamp(
        {
            "kind": "person",
            "width": right - left,
            "height": top - bottom,
            "authority": list(lines),
            "name": name,
            "signed_at": now,
            "development": True,
        }
    )


if __name__ == "__main__":
    main()
