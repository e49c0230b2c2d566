"""Why a verb of commissions says no."""

from __future__ import annotations

from erp.kernel.errors import DomainError, Forbidden
from erp.kernel.sentences import Sentence


class AlreadyFrozen(DomainError):
    code = "already_frozen"
    sentence = Sentence("This commission is frozen already. See who decides about it, and by when.")


class NotFrozen(DomainError):
    code = "not_frozen"
    sentence = Sentence("This is not frozen any more: it was let go or taken back meanwhile.")


class NothingLeft(DomainError):
    code = "nothing_left"
    sentence = Sentence("Nothing is left of this commission.")


class NothingToFreeze(DomainError):
    code = "nothing_to_freeze"
    sentence = Sentence("There is nothing to freeze: every line is frozen, taken back or paid out.")


class PaidOutAlready(DomainError):
    code = "paid_out_already"
    sentence = Sentence(
        "What was paid out, wholly or in part, or is on its way to the bank cannot be frozen. Take it back instead."
    )


class Undone(DomainError):
    code = "already_undone"
    sentence = Sentence("This was undone before, or is itself what undid another.")


class ReversalEnded(DomainError):
    code = "reversal_ended"
    sentence = Sentence("This was approved or withdrawn before.")


class SecondPerson(Forbidden):
    code = "second_person"
    sentence = Sentence("You asked for this. A different person must approve it.")


class DecideTheCase(DomainError):
    code = "decide_the_case"
    sentence = Sentence("It is frozen for a case. Decide the case, and it follows.")


class NotTheirDecision(Forbidden):
    code = "not_their_decision"
    sentence = Sentence("Somebody of another role decides about this. The page says who, and by when.")
