"""Where the accessibility tour looks at the pictures of signatures and of the seal."""

from __future__ import annotations

from models.account import Account
from service import accounts, demo_pictures, seal_pictures, signature_pictures
from service.signature_pictures import Sent
from tasks.keys import Secret
from tests.browser.stops import Stop, stop
from tests.cast import PASSWORD, Cast

NO_PAGE = {
    "/account/picture/{picture_id}/stamp.webp": "a picture",
    "/account/picture/{picture_id}/ink.png": "a picture",
    "/seal/{seal_id}/stamp.webp": "a picture",
}


def stops(cast: Cast) -> list[Stop]:
    """A person with a picture and one without; a seal in force and one that waits for the principal."""
    office, now = cast.office, cast.office.now()
    with office.db.read() as session:
        mai = session.get_one(Account, cast.ids["mai"])
    signature_pictures.keep(office, mai, Sent(demo_pictures.hand("mai"), "drawn"), now)
    for who, diameter in (("minh", 320), ("minh", 360), ("thu", 340)):
        shape = demo_pictures.seal("TRƯỜNG TIỂU HỌC THĂNG LONG", "DẤU MẪU")
        asked = seal_pictures.ask(office, cast.actor(who), shape, diameter, now)
        if who == "minh":
            word = Secret(PASSWORD)
            accounts.confirm(office, cast.actor(who), asked.change.id, word, "192.0.2.7", now)
    return [
        stop("lan", "/account/picture", shows="canvas"),
        stop("mai", "/account/picture", shows="aside img"),
        stop("mai", "/account", shows="#h-picture"),
        stop("thu", "/seal", shows="aside img"),
        stop("minh", "/seal", shows="[href='/confirmations']"),
        stop("minh", "/confirmations", shows=".well img"),
    ]
