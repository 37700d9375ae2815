"""In which capacity a person signs, as it stands above the signature (Decree 30/2020, I.II.7). Pure.

`KT.` follows from the post: a deputy signs for the head whose step it is. `TUQ.` needs a written, numbered
authorisation (`flows/delegations.py`), which stands below it. A superior signs as what they are.
"""

from __future__ import annotations

from typing import Literal

from flows.grammar import DocumentType, Seal, Sign, Step
from flows.people import (
    ROLES,
    Actor,
    AnyOf,
    Concerned,
    Cover,
    GroupHead,
    HasRole,
    Standing,
    Subject,
    Who,
    Witness,
)
from models.text import Text

HEAD, DEPUTY = "TỔ TRƯỞNG CHUYÊN MÔN", "TỔ PHÓ CHUYÊN MÔN"
PRINCIPAL, VICE = "HIỆU TRƯỞNG", "PHÓ HIỆU TRƯỞNG"
LONGEST_POST = 60

Manner = Literal["own", "KT", "TUQ"]


def manner(audience: str, actor: Actor) -> Manner:
    """How this person signs for the holder of a post: as superior, as deputy, or by authorisation.

    The seal is handed over in writing alone (Decree 30, Đ32), so the clerk's post always needs that.
    """
    kind, _, key = audience.partition(":")
    if kind == "group_head" and key in actor.deputises:
        return "KT"
    if (kind, key) == ("role", "principal"):
        return "KT" if "vice_principal" in actor.roles else "TUQ"
    superior = "principal" in actor.roles or (
        kind != "role" and ("vice_principal" in actor.roles or key in actor.heads)
    )
    return "own" if superior and key != "clerk" else "TUQ"


def authority(
    declared: DocumentType,
    step: Step,
    actor: Actor,
    subject: Subject,
    issuer: str,
    standing: Standing,
    post: str = "",
) -> tuple[str, ...]:
    """The lines above the signature, in capitals as Decree 30 prints them.

    `standing` is what lets this person take the step, `post` what they are where they sign TUQ. Empty for an
    author who signs as nothing but the author, a group head's own lesson plan included, for whom a record is
    about and for a witness: the caption on the page says who they are.
    """
    if isinstance(step, Seal):
        return (issuer.upper(),)
    if isinstance(step, Sign):
        return (HEAD,) if isinstance(declared.drafted_by, GroupHead) else ()
    assert step.by is not None
    if isinstance(step.by, Concerned | Witness):
        return ()
    if standing.cover:
        return _for_another(standing.audience, actor, post)
    return _reviewer(step.by, actor, subject)


def _reviewer(who: Who, actor: Actor, subject: Subject) -> tuple[str, ...]:
    named = who.choices[0] if isinstance(who, AnyOf) else who
    if isinstance(named, GroupHead):
        if subject.group_id in actor.heads:
            return (HEAD,)
        if subject.group_id in actor.deputises:
            return (f"KT. {HEAD}", DEPUTY)
        return (VICE,)
    if isinstance(named, HasRole) and named.role == "principal" and "principal" not in actor.roles:
        return (f"KT. {PRINCIPAL}", VICE)
    if isinstance(named, HasRole) and named.role not in ("principal", "vice_principal"):
        return (ROLES[named.role].vi.upper(),)
    return (PRINCIPAL,) if "principal" in actor.roles else (VICE,)


_POSTS = {"group_head": HEAD, "group_deputy": DEPUTY, "principal": PRINCIPAL, "vice_principal": VICE}


def _for_another(audience: str, actor: Actor, post: str) -> tuple[str, ...]:
    """Of whoever stands in for the holder of a post."""
    kind, _, key = audience.partition(":")
    post_of = key if kind == "role" else kind
    absent = _POSTS[post_of] if post_of in _POSTS else ROLES[post_of].vi.upper()
    how = manner(audience, actor)
    if how == "KT":
        return (f"KT. {absent}", VICE if absent == PRINCIPAL else DEPUTY)
    own = PRINCIPAL if "principal" in actor.roles else VICE if "vice_principal" in actor.roles else HEAD
    if how == "own":
        return (own,)
    return (f"TUQ. {absent}", post.strip()[:LONGEST_POST].upper())


def basis(cover: Cover | None) -> Text | None:
    """The written authorisation a person signs on, in words; None where there is none."""
    if cover is None or not cover.number or cover.dated is None:
        return None
    return Text(
        f"Giấy ủy quyền số {cover.number} ngày {cover.dated:%d/%m/%Y}",
        f"Written authorisation no. {cover.number} of {cover.dated:%d/%m/%Y}",
    )
