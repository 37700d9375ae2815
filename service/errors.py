"""Refusals as answers: RFC 9457 problems under /api, pages elsewhere. The only place with HTTP codes."""

from __future__ import annotations

import logging
import uuid

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from flows.measures import HUNG_UP
from models import room
from models.errors import Fault, Invalid, NoRoom, NotFound, RecordsError
from models.text import Text
from service import request_words
from service.access import MustChange, SessionExpired, SignedOut, Viewer, maybe_viewer
from service.deps import arrival, office_of
from service.pages.sign_in import expired_page, to_password, to_sign_in
from service.second_factor import MustEnrol
from service.templating import error_page

log = logging.getLogger("hososo.web")

STATUS = {
    "not-found": 404,
    "gone": 410,
    "not-yours": 403,
    "wrong-step": 409,
    "stale": 409,
    "bad-pin": 403,
    "bad-certificate": 409,
    "invalid": 422,
    "too-large": 413,
    "no-room": 507,
    "locked": 423,
    "unavailable": 503,
    "signed-out": 401,
    "bad-sign-in": 401,
    "session-expired": 401,
    "must-change": 403,
    "must-enrol": 403,
    "needs-code": 401,
    "bad-code": 403,
    "bad-form": 403,
    "throttled": 429,
}
FAILED = Text(
    "Hệ thống gặp lỗi khi xử lý. Chưa có gì bị mất; thử lại sau ít phút, "
    "nếu vẫn lỗi thì báo quản trị kèm mã {code}.",
    "The system failed to handle this. Nothing is lost; try again in some minutes, and if it still fails "
    "give the administrator the code {code}.",
)
MALFORMED = Text(
    "Yêu cầu gửi lên không đúng mẫu. Xem lại các trường được nêu.",
    "The request is not in the expected form. Look at the fields named.",
)


def install(app: FastAPI) -> None:
    """Answer every refusal and every failure in words."""
    app.add_exception_handler(RecordsError, _refused)
    app.add_exception_handler(RequestValidationError, _misformed)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientDisconnect, _hung_up)
    app.add_exception_handler(Exception, _failed)


def status_of(refusal: RecordsError) -> int:
    """The HTTP status of a refusal; 400 for one this table does not know."""
    return STATUS.get(refusal.code, 400)


def is_api(request: Request) -> bool:
    return request.url.path.startswith("/api/")


def viewer_of(request: Request) -> Viewer | None:
    """Who is asking, for the frame of an error page."""
    return maybe_viewer(request, office_of(request), arrival(request))


def problem(
    status: int, code: str, sentence: Text, faults: tuple[Fault, ...] = (), **more: object
) -> JSONResponse:
    """RFC 9457: `detail` in Vietnamese, `detail_en` beside it, `errors` by field."""
    content: dict[str, object] = {
        "type": "about:blank",
        "title": code,
        "status": status,
        "code": code,
        "detail": sentence.vi,
        "detail_en": sentence.en,
        **more,
    }
    if faults:
        content["errors"] = [
            {"path": f.path, "detail": f.sentence.vi, "detail_en": f.sentence.en} for f in faults
        ]
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return JSONResponse(content, status_code=status, media_type="application/problem+json", headers=headers)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, RecordsError)
    status = status_of(error)
    if status >= 500:
        log.error("cannot serve code=%s at %s %s", error.code, request.method, request.url.path)
    if is_api(request):
        faults = error.faults if isinstance(error, Invalid) else ()
        document_id = getattr(error, "document_id", None)
        more = {"document_id": document_id} if document_id else {}
        if hasattr(error, "received"):  # a piece of a file that does not begin where the last ended
            more["received"] = error.received
        if hasattr(error, "stands"):  # what a spot check sent under another key says
            more["stands"] = error.stands
        return problem(status, error.code, error.sentence, faults, **more)
    if isinstance(error, SessionExpired):
        return expired_page(request, error)
    if isinstance(error, SignedOut):
        return to_sign_in(error)
    if isinstance(error, MustChange):
        return to_password()
    if isinstance(error, MustEnrol):
        return RedirectResponse("/account/second-factor", 303)
    return error_page(request, viewer_of(request), status, error.sentence)


async def _misformed(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    if not is_api(request):
        return error_page(request, viewer_of(request), 422, MALFORMED)
    return problem(422, "invalid", MALFORMED, request_words.faults(error.errors()))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return await _refused(request, NotFound())
    sentence = (_NOT_BY_ADDRESS if error.status_code == 405 else _CANNOT).format(code=error.status_code)
    if is_api(request):
        code = {405: "method-not-allowed"}.get(error.status_code, "refused")
        answer: Response = problem(error.status_code, code, sentence)
    else:
        answer = error_page(request, viewer_of(request), error.status_code, sentence)
    for name, value in (error.headers or {}).items():
        answer.headers[name] = value
    return answer


_CANNOT = Text(
    "Không thực hiện được yêu cầu này ({code}). Quay lại trang trước rồi thử lại.",
    "This request cannot be carried out ({code}). Go back and try again.",
)
_NOT_BY_ADDRESS = Text(
    "Địa chỉ này chỉ nhận nội dung gửi từ trang của nó, không mở trực tiếp được. Chưa có gì thay đổi; "
    "mở lại từ Trang chủ.",
    "This address takes what its page sends and cannot be opened by itself. Nothing was changed; "
    "go on from Home.",
)


async def _hung_up(request: Request, _: Exception) -> Response:
    """The line broke while the request was still coming: nothing was begun, nobody reads the answer."""
    HUNG_UP.inc()
    log.info("client hung up at %s %s", request.method, request.url.path)
    return Response(status_code=400)


async def _failed(request: Request, error: Exception) -> Response:
    if room.lacks(error):
        return await _refused(request, NoRoom())
    code = uuid.uuid4().hex[:8]
    # The traceback's frames may hold a PIN in a local variable; the traceback itself shows code only.
    log.error("failure %s at %s %s", code, request.method, request.url.path, exc_info=error)
    if is_api(request):
        return problem(500, "failed", FAILED.format(code=code), incident=code)
    return error_page(request, viewer_of(request), 500, FAILED.format(code=code))
