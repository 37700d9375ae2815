"""`POST /verify`: is this signed PDF what it says? Public: nobody need be signed in."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from service.verify_answer import answer
from service.verify_asking import AskingDep, Brought

router = APIRouter(tags=["verify"])


@router.post(
    "/verify",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "required": ["file"],
                        "properties": {"file": {"type": "string", "format": "binary"}},
                    }
                }
            },
        }
    },
)
def verify(received: Brought, asking: AskingDep) -> dict[str, Any]:
    """Verify every signature of a PDF, ours or anyone's, at most 30 MB. The file is not kept.

    `standing` is `valid` only where everything is known to be good; else `altered`, `broken`, `unknown`,
    `unsigned` or `unreadable`, with the reason in both languages. A file that cannot be read is an answer
    too (200); 422 without a file, 413 beyond the size, 429 asked too often, 503 when too many wait.
    """
    result = asking.check(received)
    return answer(result, asking.known(result))
