"""In which capacity a person signs, as it stands above the signature (Decree 30/2020, I.II.7). Pure.

`KT.` follows from the post: a deputy signs for the head whose step it is. `TUQ.` needs a written, numbered
authorisation, which later delegations bring.
"""

from __future__ import annotations

from flows.grammar import DocumentType, Review, Seal, Sign, Step
from flows.people import Actor, AnyOf, GroupHead, HasRole, Subject, Who

HEAD, DEPUTY = "TỔ TRƯỞNG CHUYÊN MÔN", "TỔ PHÓ CHUYÊN MÔN"
PRINCIPAL, VICE = "HIỆU TRƯỞNG", "PHÓ HIỆU TRƯỞNG"


def authority(
    declared: DocumentType, step: Step, actor: Actor, subject: Subject, issuer: str
) -> tuple[str, ...]:
    """The lines above the signature, in capitals as Decree 30 prints them.

    Empty for an author who signs as nothing but the author, a group head's own lesson plan included.
    """
    if isinstance(step, Seal):
        return (issuer.upper(),)
    if isinstance(step, Sign):
        return (HEAD,) if isinstance(declared.drafted_by, GroupHead) else ()
    assert isinstance(step, Review)
    assert step.by is not None
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
    return (PRINCIPAL,) if "principal" in actor.roles else (VICE,)
