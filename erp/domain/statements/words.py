"""Why each line of a statement is there: in the words of the contexts whose deeds they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from uuid import UUID

from erp.domain import commissions, payouts
from erp.domain.statements.rules import Document, Line
from erp.kernel.sentences import Sentence

OTHERWISE = Sentence("It follows from %(reference)s.")


def explained(document: Document, agent_id: UUID, say: Callable[[Sentence], str]) -> Document:
    """The document with the words of every line, said by `say` in the reader's language."""
    lines = [line for account in document.accounts for line in account.lines]
    known = commissions.words_of_entries(agent_id, {line.transaction for line in lines})

    def why(line: Line) -> Iterable[str]:
        sentences = known.get(line.transaction) or [
            payouts.words_of_entry(line.kind, line.reference) or OTHERWISE.about(reference=line.reference)
        ]
        return [say(sentence) for sentence in sentences]

    return document.explained(why)
