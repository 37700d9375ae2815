"""Who plans spot checks, and who sees which: conditions, no effects.

Until its time has come a check is known to whoever makes it and to the principals, never to the person it is
about. Once sent it is seen by that person, their group head, the inspector and the principals. Everybody else
sees totals.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import col, select

from flows.people import Actor
from models.account import GroupMember
from models.spot_check import SpotCheck

OVERSEEING = frozenset({"principal", "vice_principal"})
INSPECTING = OVERSEEING | {"inspector"}
TYPE = "spot-check"
"""Slug of the record a check becomes."""


def may_plan(actor: Actor) -> bool:
    """Inspectors plan their own checks, principals anybody's."""
    return bool(actor.roles & INSPECTING)


def oversees(actor: Actor) -> bool:
    """Sees every check of the school."""
    return bool(actor.roles & OVERSEEING)


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """The checks this account may see."""
    c = SpotCheck
    sent, about_me = col(c.state) == "sent", col(c.teacher_id) == actor.id
    seen = [and_(about_me, sent), col(c.inspector_id) == actor.id]
    if oversees(actor):
        seen.append(~about_me)
    elif may_plan(actor):
        seen.append(and_(col(c.planned_by) == actor.id, ~about_me))
    led = actor.led(TYPE)
    if led:
        of_group = select(GroupMember.account_id).where(
            col(GroupMember.school_id) == actor.school_id, col(GroupMember.group_id).in_(sorted(led))
        )
        seen.append(and_(sent, col(c.teacher_id).in_(of_group)))
    return and_(col(c.school_id) == actor.school_id, or_(*seen))


def may_record(actor: Actor, check: SpotCheck) -> bool:
    """Only whoever makes the check records it."""
    return check.inspector_id == actor.id


def may_end(actor: Actor, check: SpotCheck, day: date) -> bool:
    """May this person say that a planned check does not take place? What was drawn waits for its day: until
    then nobody can know, and a draw could be undone lesson by lesson."""
    come = check.draw_id is None or check.day <= day
    return come and check.state == "planned" and (check.inspector_id == actor.id or oversees(actor))


def may_cancel(actor: Actor, check: SpotCheck, day: date) -> bool:
    """Only a chosen check is taken back: what was drawn stays drawn."""
    return may_end(actor, check, day) and check.draw_id is None
