"""Planning an import's accounts and groups. Law 7 holds: who becomes an approver waits for a principal."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlmodel import Session, col, delete, select

from flows.people import GUARDED_ROLES, ROLES
from models.account import Account, Group, GroupMember
from models.errors import Invalid
from models.text import Text
from service import account_rows, accounts, approvers, change_words, changes
from service.account_changes import ask_within
from service.import_names import fold
from service.import_plan import NEW_ACCOUNTS, Applying, Entry, Known, Person, Plan, row_digest, settle
from service.import_sheets import ACCOUNTS, GROUPS, AccountRow, GroupRow, Problem


def plan_accounts(session: Session, school: Known, rows: list[AccountRow], plan: Plan) -> None:
    """New accounts, and what the cells that are filled in would change of those that are there."""
    names = [row.sign_in_name for row in rows]
    taken = set(
        session.exec(
            select(Account.sign_in_name).where(
                col(Account.sign_in_name).in_(names), col(Account.school_id) != school.school_id
            )
        ).all()
    )
    seen: dict[str, str] = {}
    told = {problem.cell for problem in plan.problems if problem.sheet == ACCOUNTS}
    for row in rows:
        here = row.cells["sign_in_name"]
        first = seen.setdefault(row.sign_in_name, here) if row.sign_in_name else here
        account = school.accounts.get(row.sign_in_name)
        typed = _typed(row, account, plan, told)
        if first != here:
            plan.problems.append(_problem(row, "sign_in_name", _TWICE.format(cell=first)))
        elif row.sign_in_name in taken:
            plan.problems.append(_problem(row, "sign_in_name", _TAKEN))
        elif typed is not None:
            entries = _changed(session, school, row, account, typed) if account else _new(row, typed)
            digest = row_digest("account", *row.cells, *_said(row))
            settle(plan, school, entries, digest)
            if account is None:
                _remark_namesake(school, row, typed, plan)
                school.people[typed.sign_in_name] = Person(typed.sign_in_name, typed.full_name)
                plan.new_accounts.append((typed.sign_in_name, typed.full_name))
            if account and row.active is False:
                _refuse_last(session, account, row, plan)
    if len(plan.new_accounts) > NEW_ACCOUNTS:
        plan.problems.append(Problem(ACCOUNTS, "A1", _TOO_MANY.format(most=NEW_ACCOUNTS)))


def _remark_namesake(school: Known, row: AccountRow, typed: account_rows.Person, plan: Plan) -> None:
    """Two people may have one name; more often it is one person written twice."""
    namesakes = [p.sign_in_name for p in school.people.values() if fold(p.full_name) == fold(typed.full_name)]
    if namesakes:
        sentence = _NAMESAKE.format(names=", ".join(namesakes))
        plan.problems.append(
            Problem(ACCOUNTS, row.cells["full_name"], sentence, stops=False),
        )


def _said(row: AccountRow) -> tuple[object, ...]:
    return (
        row.sign_in_name,
        row.full_name,
        row.post,
        row.email,
        row.language,
        sorted(row.roles),
        row.active,
    )


def _typed(
    row: AccountRow, account: Account | None, plan: Plan, told: set[str]
) -> account_rows.Person | None:
    """The person as the account would be; an empty cell leaves what is there. `told`: cells named already.

    Who imports chooses their own language on the page, between the check and the import too.
    """
    own = account is not None and account.id == plan.asker_id
    language = account.language if account and (own or not row.language) else row.language or "vi"
    made = account_rows.Person(
        row.sign_in_name,
        row.full_name,
        row.post or (account.post if account else ""),
        row.email or (account.email if account else ""),
        language,
    )
    try:
        return made.tidy()
    except Invalid as refusal:
        faults = [_problem(row, fault.path, fault.sentence) for fault in refusal.faults]
        plan.problems += [fault for fault in faults if fault.cell not in told]  # such as one that is empty
        return None


def _new(row: AccountRow, typed: account_rows.Person) -> Iterator[Entry]:
    roles = row.roles or frozenset({"teacher"})
    given = [role for role in ROLES if role in roles - GUARDED_ROLES]

    def create(apply: Applying) -> None:
        hashed = apply.hashes[typed.sign_in_name]
        account = account_rows.add_account(apply.session, apply.asker.school_id, typed, hashed, apply.now)
        changes.record(apply.session, apply.asker, account, "create", {}, apply.now)
        for role in given:
            _grant(apply, typed.sign_in_name, role)
        if row.active is False:
            account.active = False

    said = _NEW.format(
        who=typed.full_name, name=typed.sign_in_name, roles=_names(given) if given else Text("–", "–")
    )
    yield Entry(ACCOUNTS, row.cells["sign_in_name"], "new", said, create)
    for role in sorted(roles & GUARDED_ROLES):
        yield _granting(row, typed.full_name, role)


def _granting(row: AccountRow, full_name: str, role: str) -> Entry:
    name = row.sign_in_name

    def grant(apply: Applying) -> None:
        _grant(apply, name, role)

    waits = role in GUARDED_ROLES
    said = _GRANT.format(role=ROLES[role], who=full_name)
    return Entry(ACCOUNTS, row.cells["roles"], "waits" if waits else "changed", said, grant)


def _grant(apply: Applying, sign_in_name: str, role: str) -> None:
    account = apply.account(sign_in_name)
    ask_within(apply.session, apply.office.settings, apply.asker, account, "grant", {"role": role}, apply.now)


def _changed(
    session: Session, school: Known, row: AccountRow, account: Account, typed: account_rows.Person
) -> Iterator[Entry]:
    name, cell = row.sign_in_name, row.cells["sign_in_name"]
    approver = approvers.is_approver(session, account)
    differing = [
        data
        for data in accounts.edits(session, account, typed)
        if not school.is_waiting(account.id, "edit", data)
    ]
    for data in differing:
        waits = approver and not changes.GUARDED_FIELDS.isdisjoint(data["after"])
        edited = change_words.edited(data["before"], data["after"])
        said = Text(f"{account.full_name}{edited.vi}", f"{account.full_name}{edited.en}")
        yield Entry(ACCOUNTS, cell, "waits" if waits else "changed", said, _editing(name, data))
    held = school.roles.get(account.id, set())
    missing = sorted(row.roles - held)
    asked = [r for r in missing if school.is_waiting(account.id, "grant", {"role": r})]
    for role in missing:
        if role not in asked:
            yield _granting(row, account.full_name, role)
    if row.active is not None and row.active != account.active:
        yield _switching(row, account.full_name, on=row.active)
    elif not differing and missing == asked:
        said = _WAITING.format(who=account.full_name) if asked else _SAME.format(who=account.full_name)
        yield Entry(ACCOUNTS, cell, "same", said)


def _editing(sign_in_name: str, data: dict[str, dict[str, str]]) -> Callable[[Applying], None]:
    def edit(apply: Applying) -> None:
        held = apply.account(sign_in_name)
        ask_within(apply.session, apply.office.settings, apply.asker, held, "edit", data, apply.now)

    return edit


def _switching(row: AccountRow, full_name: str, *, on: bool) -> Entry:
    name = row.sign_in_name

    def switch(apply: Applying) -> None:
        action = "activate" if on else "deactivate"
        held = apply.account(name)
        ask_within(apply.session, apply.office.settings, apply.asker, held, action, {}, apply.now)

    said = (_ON if on else _OFF).format(who=full_name)
    return Entry(ACCOUNTS, row.cells["active"], "changed", said, switch)


def _refuse_last(session: Session, account: Account, row: AccountRow, plan: Plan) -> None:
    for role in ("principal", "admin"):
        try:
            changes.refuse_last(session, account, role)
        except Invalid as refusal:
            plan.problems.append(_problem(row, "active", refusal.sentence))


def _problem(row: AccountRow, key: str, sentence: Text) -> Problem:
    return Problem(ACCOUNTS, row.cells.get(key, row.cells["sign_in_name"]), sentence)


def _names(roles: list[str]) -> Text:
    return Text(", ".join(ROLES[r].vi.lower() for r in roles), ", ".join(ROLES[r].en.lower() for r in roles))


# groups


def plan_groups(school: Known, rows: list[GroupRow], plan: Plan) -> None:
    """Groups that are new, members who join or leave, heads and deputies to be confirmed."""
    made: set[str] = set()
    leaders: dict[tuple[str, str], str] = {}
    seen: dict[tuple[str, str], str] = {}
    for row in rows:
        who = school.person(row.who)
        if isinstance(who, Text):
            plan.problems.append(Problem(GROUPS, row.cells["who"], who))
            continue
        first = seen.setdefault((fold(row.group), who.sign_in_name), row.cells["who"])
        if first != row.cells["who"]:
            plan.problems.append(Problem(GROUPS, row.cells["who"], _TWICE_IN_GROUP.format(cell=first)))
            continue
        group = school.groups.get(fold(row.group))
        entries = []
        if group is None and fold(row.group) not in made:
            made.add(fold(row.group))
            entries.append(_new_group(row))
        if row.duty in ("head", "deputy"):
            other = leaders.setdefault((fold(row.group), row.duty), row.cells["duty"])
            if other != row.cells["duty"]:
                plan.problems.append(Problem(GROUPS, row.cells["duty"], _TWO_LEADERS.format(cell=other)))
                continue
        if row.duty == "leaves":
            entries += _leaving(school, row, group, who, plan)
        else:
            entries += _joining(school, row, group, who)
        settle(plan, school, entries, row_digest("group", fold(row.group), who.sign_in_name, row.duty))


def _new_group(row: GroupRow) -> Entry:
    def make(apply: Applying) -> None:
        apply.session.add(Group(school_id=apply.asker.school_id, name=row.group))
        apply.session.flush()

    return Entry(GROUPS, row.cells["group"], "new", _NEW_GROUP.format(group=row.group), make)


def _joining(school: Known, row: GroupRow, group: Group | None, who: Person) -> Iterator[Entry]:
    inside = group is not None and who.id in school.members.get(group.id, set())
    name = group.name if group else row.group

    def join(apply: Applying) -> None:
        found, account = apply.group(row.group), apply.account(who.sign_in_name)
        key = (apply.asker.school_id, found.id, account.id)
        if apply.session.get(GroupMember, key) is None:
            apply.session.add(GroupMember(school_id=key[0], group_id=key[1], account_id=key[2]))

    if not inside:
        said = _JOINS.format(who=who.full_name, group=name)
        yield Entry(GROUPS, row.cells["who"], "new", said, join)
    if row.duty in ("head", "deputy"):
        yield from _appointing(school, row, group, who)
    elif inside:
        yield Entry(GROUPS, row.cells["who"], "same", _IN.format(who=who.full_name, group=name))


def _appointing(school: Known, row: GroupRow, group: Group | None, who: Person) -> Iterator[Entry]:
    action = f"appoint-{row.duty}"

    def appoint(apply: Applying) -> None:
        found, account = apply.group(row.group), apply.account(who.sign_in_name)
        data = {"group_id": found.id}
        ask_within(apply.session, apply.office.settings, apply.asker, account, action, data, apply.now)

    name = group.name if group else row.group
    said = change_words.SENTENCES[action].format(who=who.full_name, what=name)
    holds = group is not None and (group.head_id if row.duty == "head" else group.deputy_id) == who.id
    asked = group is not None and school.is_waiting(who.id, action, {"group_id": group.id})
    if holds or asked:
        yield Entry(GROUPS, row.cells["duty"], "same", _ASKED.format(what=said) if asked else said)
    else:
        yield Entry(GROUPS, row.cells["duty"], "waits", said, appoint)


def _leaving(school: Known, row: GroupRow, group: Group | None, who: Person, plan: Plan) -> Iterator[Entry]:
    def leave(apply: Applying) -> None:
        found, account = apply.group(row.group), apply.account(who.sign_in_name)
        apply.session.exec(
            delete(GroupMember).where(
                col(GroupMember.school_id) == apply.asker.school_id,
                col(GroupMember.group_id) == found.id,
                col(GroupMember.account_id) == account.id,
            )
        )

    if group is not None and who.id and who.id in (group.head_id, group.deputy_id):
        plan.problems.append(Problem(GROUPS, row.cells["duty"], _LEADS.format(who=who.full_name)))
    elif group is None or who.id not in school.members.get(group.id, set()):
        yield Entry(GROUPS, row.cells["who"], "same", _OUT.format(who=who.full_name, group=row.group))
    else:
        said = _LEAVES.format(who=who.full_name, group=group.name)
        yield Entry(GROUPS, row.cells["who"], "changed", said, leave)


_NAMESAKE = Text(
    "Trùng họ tên với {names}. Nếu là cùng một người thì bỏ dòng này; nếu là hai người thì ở các trang khác "
    "ghi tên đăng nhập.",
    "The same name as {names}. If it is the same person, remove this row; if they are two, write sign-in "
    "names in the other sheets.",
)
_TWICE = Text(
    "Tên đăng nhập này đã có ở ô {cell}. Bỏ một trong hai dòng.",
    "This sign-in name stands in {cell} already. Remove one of the rows.",
)
_TWICE_IN_GROUP = Text(
    "Người này đã có trong tổ này ở ô {cell}. Bỏ một trong hai dòng.",
    "{cell} names this person in this group already. Remove one of the rows.",
)
_TAKEN = Text("Tên đăng nhập này đã có người dùng. Chọn tên khác.", "This sign-in name is taken.")
_TOO_MANY = Text(
    "Một lần nhập tạo được nhiều nhất {most} tài khoản. Chia thành nhiều tệp.",
    "One import makes at most {most} accounts. Divide the file.",
)
_NEW = Text("Tạo tài khoản {name}: {who} ({roles})", "New account {name}: {who} ({roles})")
_GRANT = Text("Giao vai trò {role} cho {who}", "Give {who} the role {role}")
_SAME = Text("{who}: đã đúng như trong tệp", "{who}: already as in the file")
_WAITING = Text("{who}: vai trò đang chờ xác nhận", "{who}: the role waits for confirmation")
_ON = Text("Cho tài khoản của {who} hoạt động lại", "Switch the account of {who} on")
_OFF = Text("Ngừng tài khoản của {who}", "Switch the account of {who} off")
_NEW_GROUP = Text("Lập {group}", "New group {group}")
_JOINS = Text("{who} vào {group}", "{who} joins {group}")
_IN = Text("{who} đã thuộc {group}", "{who} is in {group}")
_OUT = Text("{who} không thuộc {group}", "{who} is not in {group}")
_LEAVES = Text("{who} rời {group}", "{who} leaves {group}")
_ASKED = Text("{what}: đang chờ xác nhận", "{what}: waits for confirmation")
_TWO_LEADERS = Text(
    "Tổ này đã có người giữ nhiệm vụ đó ở ô {cell}. Mỗi tổ một tổ trưởng, một tổ phó.",
    "{cell} names another for this duty. A group has one head and one deputy.",
)
_LEADS = Text(
    "{who} đang là tổ trưởng hoặc tổ phó. Cử người khác trước, rồi cho rời tổ.",
    "{who} heads the group or deputises. Appoint someone else first.",
)
