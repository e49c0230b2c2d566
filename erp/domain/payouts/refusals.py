"""Why a payout verb says no."""

from __future__ import annotations

from erp.kernel import errors
from erp.kernel.errors import DomainError
from erp.kernel.sentences import Sentence


class SamePerson(errors.SamePerson):
    sentence = Sentence("You prepared this run. A different person must approve it.")


class NotADraft(DomainError):
    code = "run_not_a_draft"
    sentence = Sentence("This run is not a draft any more; nothing in it can be changed.")


class NothingToPay(DomainError):
    code = "nothing_to_pay"
    sentence = Sentence("Nobody can be paid now: see the preview for the reasons.")


class PayoutOpen(DomainError):
    code = "payout_open"
    sentence = Sentence("An agent of this run has another payout that has not ended. Prepare the run again.")


class BalanceChanged(DomainError):
    """`details["payouts"]`: reference of each payout that no longer fits, and why."""

    code = "balance_changed"
    sentence = Sentence(
        "Since this was prepared, some agents' money or standing has changed. Withdraw their payouts."
    )


class TooEarly(DomainError):
    code = "bank_may_still_say"
    sentence = Sentence("The bank may still say by itself what became of this transfer, until %(until)s.")


class AnotherTransfer(DomainError):
    code = "another_transfer"
    sentence = Sentence("This number of the bank belongs to another transfer.")


class Overtaken(DomainError):
    code = "settlement_overtaken"
    sentence = Sentence("What was found out has been replaced, or the bank has answered since. Look again.")


class IllegalMove(DomainError):
    code = "payout_state"
    sentence = Sentence("The payout's present state does not allow this.")
