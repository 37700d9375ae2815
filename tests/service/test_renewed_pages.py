"""A record whose archive timestamp was renewed, on its pages and in the API."""

from __future__ import annotations

from fastapi.testclient import TestClient

from service.app import create_app
from tests.cast import Cast
from tests.conftest import StampServer
from tests.long_archive import archived, due, run
from tests.service.test_pages_admin import Person


def test_its_history_says_what_the_system_did_and_the_file_is_handed_out(
    cast: Cast, stamps: StampServer
) -> None:
    document_id = archived(cast)
    app = create_app(cast.office.settings, cast.office)
    with due(cast, stamps), TestClient(app):
        assert run(cast).renewed == 1
        lan = Person(app, "lan")
        assert "Hệ thống gia hạn dấu thời gian lưu trữ" in lan.get(f"/documents/{document_id}")
        file = lan.client.get(f"/documents/{document_id}/pdf")
        assert file.content == cast.office.blobs.get(cast.fresh(document_id).blob or "")
        assert "gia hạn dấu thời gian" in Person(app, "admin").get(f"/runs/{document_id}")
