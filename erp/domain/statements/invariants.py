"""12: what was sealed is still so, in the database and against the roots that left it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from erp import config
from erp.domain.statements import queries, roots, rules
from erp.domain.statements.actions import sealing
from erp.domain.statements.roots import RootFile
from erp.kernel.db import rows
from erp.kernel.findings import Audited, Finding

AUDITED = [Audited("seal_root", "seal_root.signed", "signed_at")]
READ_AT_ONCE = 50


def seals_verify() -> Finding:
    """12: each seal covers the entries of its period, follows the one before and is in its root; roots are chained,
    signed, and equal to those in the roots folder, when there is one. Examined are statements and roots."""
    bad: list[str] = []
    sealed = 0
    for statements in queries.in_batches(READ_AT_ONCE):
        sealed += len(statements)
        for statement, document in zip(statements, queries.documents(statements), strict=True):
            if rules.seal(document) != statement.hash:
                bad.append(f"{statement.reference}: the entries of its period do not give its seal")
    bad += [*_misplaced(), *_left_between(), *_unrooted()]
    with sealing():
        kept = [queries.root_file(number) for (number,) in rows("select id from seal_root order by id")]
        bad += _roots_differ(kept)
    return Finding(12, "Seals and exported roots verify", sealed + len(kept), bad)


def _misplaced() -> list[str]:
    """Statements that do not follow the one before, in the chain of hashes or in the cut of an account."""
    chain = rows(
        """select reference from (
             select s.reference, s.number, s.previous_hash, s.since, lag(s.hash) over w as hash, lag(s.number) over w as before,
                    lag(s.until) over w as until
             from statement s window w as (partition by s.agent_id order by s.number)) x
           where previous_hash is distinct from hash or number <> coalesce(before, 0) + 1 or since < until order by 1"""
    )
    cuts = rows(
        """select reference, account_id from (
             select s.reference, c.account_id, c.after_seq, c.opening,
                    coalesce(lag(c.to_seq) over w, 0) as upto, coalesce(lag(c.closing) over w, 0) as closing
             from statement_account c join statement s on s.id = c.statement_id
             window w as (partition by c.account_id order by s.number)) x
           where after_seq <> upto or opening <> closing order by 1, 2"""
    )
    return [
        *(f"{reference}: does not follow the agent's statement before it" for (reference,) in chain),
        *(f"{reference}: does not begin where account {id} was cut before" for reference, id in cuts),
    ]


def _left_between() -> list[str]:
    """Entries of a sealed period that its statement leaves out, or of a later one that it holds."""
    found = rows(
        """select s.reference, l.transaction_id
           from statement s join statement_account c on c.statement_id = s.id
           join ledger_leg l on l.account_id = c.account_id
             and case when l.seq <= c.to_seq then l.seq > c.after_seq and l.booked_at >= s.until else l.booked_at < s.until end
           order by 1, 2"""
    )
    return [f"{reference}: transaction {id} is on the wrong side of its end" for reference, id in found]


def _unrooted() -> list[str]:
    found = rows(
        """select s.reference from statement s where s.sealed_at < (select max(signed_at) from seal_root)
           and not exists (select 1 from root_seal r where r.statement_id = s.id) order by 1"""
    )
    return [f"{reference}: no root holds its seal" for (reference,) in found]


def _roots_differ(kept: Sequence[RootFile]) -> list[str]:
    """Roots that are not chained or signed, or that were exported otherwise."""
    settings = config.get()
    try:
        key = roots.load_private_key(settings.seal_key).public_key()
    except roots.Unreadable as problem:
        return [f"the key of roots cannot be read: {problem}"]
    return [*roots.chain_breaks(kept, key), *_files_differ(kept, settings.roots_folder)]


def _files_differ(kept: Sequence[RootFile], folder: Path) -> list[str]:
    """What the exported roots say otherwise. A folder that is not there says nothing."""
    if not folder.is_dir():
        return []
    exported, bad = roots.read_folder(folder)
    for root in kept:
        file = exported.pop(root.number, None)
        if file is None:
            bad.append(f"root {root.number}: was never exported to {folder}")
        elif file != root:
            bad += [f"root {root.number}: differs from its exported file{_which(root, file)}"]
    return bad + [f"root {number}: was exported, and the database has none" for number in sorted(exported)]


def _which(root: RootFile, file: RootFile) -> str:
    changed = [
        reference
        for reference in sorted({*root.seals, *file.seals})
        if root.seals.get(reference) != file.seals.get(reference)
    ]
    return f" in the seals of {', '.join(changed)}" if changed else ""
