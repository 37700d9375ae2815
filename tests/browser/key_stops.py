"""Stops of the tour at the pages of certificates."""

from __future__ import annotations

from flows import keyring
from tests.browser.stops import ANYBODY, Stop, stop
from tests.cast import Cast

NO_PAGE = {
    "/pki/{name}.crt": "a certificate",
    "/pki/{name}.crl": "a revocation list",
    "/pki/ocsp/{encoded}": "an answer for a machine",
    "/certificates/{key_id}.crt": "a certificate",
}


def stops(cast: Cast) -> list[Stop]:
    """The authority for anybody; the school's certificates, a person's, a revocation and its refusal."""
    with cast.office.db.read() as session:
        key = keyring.history(session, cast.ids["son"])[0].id
    return [
        stop(ANYBODY, "/pki"),
        stop("minh", "/certificates"),
        stop("admin", f"/certificates/of/{cast.ids['son']}"),
        stop("son", f"/certificates/{key}/revoke"),
        stop(
            "minh",
            f"/certificates/{key}/revoke",
            "[value=keyCompromise]",
            ("[name=password]", "sai"),
            "main .btn--go",
            shows=".err",
        ),
        stop("lan", "/account", "details:has([action='/account/renew']) summary", shows="#pin-person"),
    ]
