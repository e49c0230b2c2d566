"""Whether an exported statement is what was sealed: offline, from the file, the exported roots and the public key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from erp.domain.statements import roots, rules
from erp.domain.statements.roots import RootFile
from erp.domain.statements.rules import Account, Document


def problems(document: Document, exported: Mapping[int, RootFile], key: Ed25519PublicKey) -> list[str]:
    """Which line, seal or root does not agree; nothing when all do."""
    ordered = [exported[number] for number in sorted(exported)]
    return [
        *(bad for account in document.accounts for bad in _unsound(account, document)),
        *_seal_differs(document),
        *_root_differs(document, exported, key),
        *roots.chain_breaks(ordered, key),
    ]


def _unsound(account: Account, document: Document) -> Iterator[str]:
    """Lines that do not continue the count and the balance of their account, or are not of the period."""
    name = f"{account.kind} {account.currency}"
    seq, balance = account.after, account.opening
    for line in account.lines:
        seq += 1
        balance += line.change
        if line.seq != seq:
            yield f"line {line.seq} of {name}: number {seq} is expected"
        if line.balance != balance:
            yield f"line {line.seq} of {name}: the balance is {line.balance}, the lines give {balance}"
        if line.booked_at >= document.until:
            yield f"line {line.seq} of {name}: booked after the period"
        seq, balance = line.seq, line.balance
    if seq != account.upto:
        yield f"{name}: the last line is {seq}, the statement ends with {account.upto}"
    if balance != account.closing:
        yield f"{name}: the closing balance is {account.closing}, the lines give {balance}"


def _seal_differs(document: Document) -> Iterator[str]:
    if document.hash is None:
        yield f"{document.statement or 'the preview'}: not sealed yet"
    elif rules.seal(document) != document.hash:
        yield f"{document.statement}: its lines do not give its seal {document.hash}"


def _root_differs(
    document: Document, exported: Mapping[int, RootFile], key: Ed25519PublicKey
) -> Iterator[str]:
    if document.root is None:
        yield f"{document.statement}: no root holds its seal yet"
        return
    if (root := exported.get(document.root.number)) is None:
        yield f"root {document.root.number}: not among the exported roots"
        return
    if root.hash != document.root.hash:
        yield f"root {root.number}: its hash is {root.hash}, the statement names {document.root.hash}"
    if (root.instance, root.mode) != (document.instance, document.mode):
        yield f"root {root.number}: of another instance or mode"
    sealed = root.seals.get(document.statement)
    if sealed is None:
        yield f"root {root.number}: holds no seal of {document.statement}"
    elif sealed != document.hash or sealed != rules.seal(document):
        yield f"root {root.number}: holds another seal of {document.statement}: {sealed}"
