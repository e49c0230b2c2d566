"""What the entries of payouts say, in words."""

from __future__ import annotations

from erp.kernel.sentences import Sentence

OF_PAYOUT = {
    "payout_approved": Sentence("Payout %(payout)s was approved: its amount is set aside for the transfer."),
    "payout_paid": Sentence("The bank transferred payout %(payout)s to the agent."),
    "payout_failed": Sentence(
        "Payout %(payout)s was not paid: what was set aside for it is available again."
    ),
    "payout_returned": Sentence("Payout %(payout)s came back from the bank and is available again."),
}


def words_of_entry(kind: str, reference: str) -> Sentence | None:
    """Why an entry of this kind was booked; None for one that is no payout's."""
    said = OF_PAYOUT.get(kind)
    return said.about(payout=reference) if said else None
