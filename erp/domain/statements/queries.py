"""Which periods are due, where accounts are cut, and statements with their lines."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from erp.domain import ledger
from erp.domain.statements import rules
from erp.domain.statements.roots import RootFile
from erp.domain.statements.rules import Account, Document, Line, Root
from erp.kernel.db import row, rows
from erp.kernel.errors import NotFound
from erp.kernel.paging import PER_PAGE, Listed
from erp.kernel.span import EVER, Span, within

LAST = """left join lateral (
  select s.id, s.number, s.until, s.hash from statement s where s.agent_id = {agent} order by s.number desc limit 1
) last on true"""
"""An agent's last statement, if there is one."""


class Cut(NamedTuple):
    """Where a statement cuts an account: entries after `after` up to `upto`, from `opening` to `closing` minor units."""

    account_id: int
    kind: str
    currency: str
    after: int
    upto: int
    opening: int
    closing: int


def due(boundary: dt.datetime, limit: int) -> Sequence[sa.Row[Any]]:
    """Agents with an unsealed period that ended by `boundary`: (agent_id, agent_reference, number, last_until,
    previous_hash, begins), `begins` being a moment in the first such period.

    A period has a statement when an entry was booked in it, or when something was left at its beginning.
    """
    return rows(
        f"""with holder as (
              select distinct agent_id from account where ledger_is_agents(kind)
            ), unsealed as (
              select h.agent_id, last.id, last.number, last.until, last.hash from holder h {LAST.format(agent="h.agent_id")}
              where last.until is null or last.until < :boundary
            ), first as (
              select u.agent_id, min(case when c.closing <> 0 then u.until else next.booked_at end) as begins
              from unsealed u join account a on a.agent_id = u.agent_id and ledger_is_agents(a.kind)
              left join statement_account c on c.statement_id = u.id and c.account_id = a.id
              left join lateral (
                select e.booked_at from entry e where e.debit_account_id = a.id and e.debit_seq = coalesce(c.to_seq, 0) + 1
                union all
                select e.booked_at from entry e where e.credit_account_id = a.id and e.credit_seq = coalesce(c.to_seq, 0) + 1
              ) next on true
              group by u.agent_id
            )
            select u.agent_id, g.reference as agent_reference, coalesce(u.number, 0) + 1 as number, u.until as last_until,
                   u.hash as previous_hash, f.begins
            from first f join unsealed u on u.agent_id = f.agent_id join agent g on g.id = f.agent_id
            where f.begins < :boundary order by u.agent_id limit :limit""",
        boundary=boundary,
        limit=limit,
    )


def cuts(untils: Mapping[UUID, dt.datetime | None]) -> dict[UUID, list[Cut]]:
    """Per agent the accounts as they stood at a moment (None: as they stand), cut where its last statement ended.

    Accounts that no entry ever touched are left out.
    """
    found = rows(
        f"""select x.agent_id, a.id, a.kind, a.currency, coalesce(c.to_seq, 0) as after,
                   coalesce(m.upto, c.to_seq, 0) as upto, coalesce(c.closing, 0) as opening,
                   coalesce(f.balance, c.closing, 0) as closing
            from unnest(cast(:agents as uuid[]), cast(:untils as timestamptz[])) as x(agent_id, until)
            {LAST.format(agent="x.agent_id")}
            join account a on a.agent_id = x.agent_id and ledger_is_agents(a.kind)
            left join statement_account c on c.statement_id = last.id and c.account_id = a.id
            left join lateral (
              select max(l.seq) as upto from ledger_leg l
              where l.account_id = a.id and l.seq > coalesce(c.to_seq, 0) and (x.until is null or l.booked_at < x.until)
            ) m on true
            left join lateral (
              select l.balance from ledger_leg l where l.account_id = a.id and l.seq = m.upto) f on true
            order by x.agent_id, a.currency, a.kind""",
        agents=list(untils),
        untils=list(untils.values()),
    )
    cut: dict[UUID, list[Cut]] = {agent_id: [] for agent_id in untils}
    for agent_id, *of in found:
        if (one := Cut(*of)).upto:
            cut[agent_id].append(one)
    return cut


def accounts_of(cuts: Iterable[Cut]) -> list[Account]:
    """The cut accounts with their entries, in the same order."""
    cuts = list(cuts)
    lines: dict[int, list[Line]] = defaultdict(list)
    for n, *of in rows(
        """select x.n, l.seq, l.transaction_id, l.line, l.kind, l.reference, o.kind as against,
                  case l.side when 'credit' then l.amount else -l.amount end as change, l.balance, l.occurred_at,
                  l.booked_at
           from unnest(cast(:accounts as bigint[]), cast(:after as bigint[]), cast(:upto as bigint[])) with ordinality
                as x(account_id, after, upto, n)
           join ledger_leg l on l.account_id = x.account_id and l.seq > x.after and l.seq <= x.upto
           join entry e on e.transaction_id = l.transaction_id and e.line = l.line
           join account o on o.id = case l.side when 'credit' then e.debit_account_id else e.credit_account_id end
           order by x.n, l.seq""",
        accounts=[cut.account_id for cut in cuts],
        after=[cut.after for cut in cuts],
        upto=[cut.upto for cut in cuts],
    ):
        lines[n].append(Line(*of))
    return [
        Account(cut.kind, cut.currency, cut.after, cut.upto, cut.opening, cut.closing, lines[n])
        for n, cut in enumerate(cuts, start=1)
    ]


def stamp() -> tuple[str, str]:
    """The instance's id and mode, as statements and roots bear them."""
    found = row("select id::text, mode from instance")
    assert found is not None
    return found.id, found.mode


STATEMENTS = """
  select s.id, s.reference, s.agent_id, g.reference as agent_reference, g.code as agent_code, s.number, s.zone, s.since,
         s.until, (s.until - interval '1 microsecond') as last_moment, s.lines, s.previous_hash, s.hash, s.sealed_at,
         r.root_id, o.hash as root_hash
  from statement s join agent g on g.id = s.agent_id
  left join root_seal r on r.statement_id = s.id left join seal_root o on o.id = r.root_id"""
SORTS = {
    "newest": "until desc, reference",
    "until": "until, reference",
    "-until": "until desc, reference",
    "lines": "lines, reference",
    "-lines": "lines desc, reference",
}


def search(
    *, text: str = "", agent_id: UUID | None = None, span: Span = EVER, sort: str = "newest"
) -> Listed:
    """Sealed statements; `text` is the beginning of a reference or an agent's code, `span` is of the period's end."""
    return Listed(
        f"""{STATEMENTS} where (cast(:agent_id as uuid) is null or s.agent_id = :agent_id)
              and {within("(s.until - interval '1 microsecond')")}
              and (:text = '' or s.reference ilike :text || '%' or g.reference ilike :text || '%'
                   or g.code ilike :text || '%')""",
        SORTS,
        sort,
        {"agent_id": agent_id, "text": text.strip(), **span.params},
    )


def of_agent(agent_id: UUID, *, before: UUID | None = None, limit: int = PER_PAGE) -> Sequence[sa.Row[Any]]:
    """An agent's statements, newest first, those older than the statement `before`."""
    return rows(
        f"""{STATEMENTS} where s.agent_id = :agent_id
              and (cast(:before as uuid) is null
                   or s.number < (select b.number from statement b where b.id = :before and b.agent_id = :agent_id))
            order by s.number desc limit :limit""",
        agent_id=agent_id,
        before=before,
        limit=limit,
    )


def find(reference: str, *, agent_id: UUID | None = None) -> sa.Row[Any]:
    """One statement; with `agent_id`, a stranger's is `NotFound`."""
    found = row(
        f"""{STATEMENTS} where s.reference = :reference
              and (cast(:agent_id as uuid) is null or s.agent_id = :agent_id)""",
        reference=reference,
        agent_id=agent_id,
    )
    if found is None:
        raise NotFound
    return found


def document(statement: sa.Row[Any]) -> Document:
    """A sealed statement (a row of `find`) with all its lines, as the ledger has them now."""
    return documents([statement])[0]


def documents(statements: Sequence[sa.Row[Any]]) -> list[Document]:
    """Several of them, in the same order."""
    of: dict[UUID, list[Cut]] = defaultdict(list)
    for statement_id, *cut in rows(
        """select c.statement_id, a.id, a.kind, a.currency, c.after_seq, c.to_seq, c.opening, c.closing
           from statement_account c join account a on a.id = c.account_id
           where c.statement_id = any(:ids) order by c.statement_id, a.currency, a.kind""",
        ids=[statement.id for statement in statements],
    ):
        of[statement_id].append(Cut(*cut))
    accounts = iter(accounts_of(cut for statement in statements for cut in of[statement.id]))
    instance, mode = stamp()
    return [
        Document(
            instance=instance,
            mode=mode,
            statement=statement.reference,
            agent=statement.agent_reference,
            number=statement.number,
            zone=statement.zone,
            since=statement.since,
            until=statement.until,
            previous=statement.previous_hash,
            accounts=[next(accounts) for _ in of[statement.id]],
            hash=statement.hash,
            sealed_at=statement.sealed_at,
            root=Root(statement.root_id, statement.root_hash) if statement.root_id else None,
        )
        for statement in statements
    ]


def in_batches(size: int) -> Iterator[Sequence[sa.Row[Any]]]:
    """All statements, agent by agent, `size` at a time."""
    agent_id, number = UUID(int=0), 0
    while found := rows(
        f"""{STATEMENTS} where (s.agent_id, s.number) > (:agent_id, :number)
            order by s.agent_id, s.number limit :size""",
        agent_id=agent_id,
        number=number,
        size=size,
    ):
        agent_id, number = found[-1].agent_id, found[-1].number
        yield found


def preview(agent_id: UUID, agent_reference: str, now: dt.datetime) -> Document:
    """What the open period of an agent holds so far: everything since its last statement. It has no reference, and
    nothing in it is sealed."""
    instance, mode = stamp()
    zone = ledger.ZONE.key
    last = row(
        "select number, until, hash from statement where agent_id = :id order by number desc limit 1",
        id=agent_id,
    )
    month, _ = rules.month_of(now, zone)
    accounts = accounts_of(cuts({agent_id: None})[agent_id])
    begun = min((account.lines[0].booked_at for account in accounts if account.lines), default=now)
    return Document(
        instance=instance,
        mode=mode,
        statement="",
        agent=agent_reference,
        number=last.number + 1 if last else 1,
        zone=zone,
        since=last.until if last else min(month, rules.month_of(begun, zone)[0]),
        until=now,
        previous=last.hash if last else None,
        accounts=accounts,
    )


ROOTS = """
  select r.id, lpad(r.id::text, 6, '0') as reference, r.day, r.seals, r.previous_hash, r.hash, r.key_id, r.signature,
         r.signed_at
  from seal_root r"""


def search_roots(sort: str = "newest") -> Listed:
    """Signed roots, newest first."""
    return Listed(ROOTS, {"newest": "id desc", "signed_at": "id", "-signed_at": "id desc"}, sort)


def root_file(number: int) -> RootFile:
    """A root as it is exported. Raises `NotFound`."""
    found = row(f"{ROOTS} where r.id = :number", number=number)
    if found is None:
        raise NotFound
    seals = rows(
        "select s.reference, s.hash from root_seal r join statement s on s.id = r.statement_id where r.root_id = :number",
        number=number,
    )
    return RootFile(
        *stamp(),
        number,
        found.day,
        found.previous_hash,
        found.key_id,
        {seal.reference: seal.hash for seal in seals},
        found.hash,
        found.signature,
    )
