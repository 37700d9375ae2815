"""The school's question about a file: its embedded authority is the only anchor, the day is `NOW`."""

from __future__ import annotations

from datetime import datetime

from tasks import judging
from tasks.verdicts import Anchors, Verdict
from tests.signatures import NOW, trust


def judge(pdf: bytes, at: datetime = NOW) -> Verdict:
    return judging.judge(pdf, Anchors.embedded(trust()), at)
