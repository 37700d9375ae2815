"""What forms ask of the weeks a record covers. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flows.fields import Known
from models.errors import Fault
from models.text import Text


def weeks_in_order(fields: Mapping[str, Any], known: Known) -> list[Fault]:
    """The last week, where one is chosen, is not before the first."""
    first = known.week_days.get(fields["first_week"])
    last = known.week_days.get(fields["last_week"])
    if first is None or last is None or first <= last:
        return []
    return [Fault("last_week", _BACKWARDS)]


_BACKWARDS = Text(
    "Tuần cuối đứng trước tuần đầu. Chọn lại.", "The last week is before the first. Choose again."
)
