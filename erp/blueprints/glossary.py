"""The words of Ref and what they mean, as the help of each page tells them: one word for one thing, in one place."""

from __future__ import annotations

from typing import NamedTuple

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString


class Word(NamedTuple):
    """A word as screens write it, and what it means."""

    word: LazyString
    meaning: LazyString


WORDS = {
    "statement": Word(
        _("Statement"),
        _(
            "An agent's calendar month in the ledger: what each account held before, every entry, what it held after."
            " It is sealed when the month is over."
        ),
    ),
    "seal": Word(
        _("Seal"),
        _(
            "The hash of a statement and of the seal before it. The seals of a day make one root, which is signed and"
            " kept outside the database: whoever changes a sealed month is found out."
        ),
    ),
    "agent": Word(
        _("Agent"),
        _(
            "Who refers customers: a person, an organisation, a customer or the owner's sales representative. A new one"
            " may book and refer at once, but is paid only when somebody has made them active."
        ),
    ),
    "code": Word(
        _("Code"),
        _(
            "The agent's referral code, for life. A customer gives it at sign-up; case, spaces and dashes do not matter."
        ),
    ),
    "establishment": Word(_("Establishment"), _("A place in the catalogue that may become a customer.")),
    "claim_group": Word(
        _("One place, several records"),
        _(
            "Lists name the same real place more than once. A booking holds the real place, so all its records are taken"
            " together."
        ),
    ),
    "booking": Word(
        _("Booking"),
        _(
            "An agent's exclusive right to an establishment for a limited time. It ends when the establishment signs up,"
            " when the agent or a colleague lets it go, or when its time is over."
        ),
    ),
    "many_rows": Word(
        _("A deed for many rows"),
        _(
            "Each row is decided on its own: what is refused for one leaves the others done. The preview is no guess: each"
            " row was done and taken back."
        ),
    ),
    "stage": Word(
        _("Stage"),
        _(
            "How far the agent has come: booked, contacted, meeting, agreed. It only goes forward and changes no right."
        ),
    ),
    "ending": Word(
        _("Ending"),
        _(
            "How a booking ended: connected (the establishment signed up), released (let go), expired (its time was"
            " over), lost (the establishment signed up with somebody else)."
        ),
    ),
    "referral": Word(
        _("Referral"),
        _(
            "The one, permanent attribution of a customer to an agent, made when the customer signs up. It keeps the"
            " version of the terms that was in force then."
        ),
    ),
    "basis": Word(
        _("Basis"),
        _(
            "What a referral rests on. An open booking counts before a code, a code before a click on the agent's link."
        ),
    ),
    "customer": Word(
        _("Customer"),
        _("Who pays the owner: an establishment, a company or a consumer, known by the owner's id."),
    ),
    "case": Word(
        _("Case"),
        _(
            "Two agents claim one customer: a booking names one and a code the other. Whoever held the booking is"
            " attributed for now, and what the customer brings is frozen until somebody decides."
        ),
    ),
    "programme": Word(_("Programme"), _("What is distributed, for example SuperApp. It has terms.")),
    "back_test": Word(
        _("Back-test"),
        _(
            "A programme's recorded history, computed again as if every referral were pinned to other terms: what they"
            " would have cost, and whom they would have paid more or less."
        ),
    ),
    "rerate": Word(
        _("Re-rate"),
        _(
            "An explicit, dated move of referrals to other terms: proposed by one person with a preview, approved by another,"
            " told to the agents ahead. What was earned before does not change."
        ),
    ),
    "notice": Word(
        _("Notice"),
        _(
            "What agents are told of terms before they change: by a text to their phone, and in RefAPP. How many days ahead a"
            " move must be told is a setting of the programme."
        ),
    ),
    "terms": Word(
        _("Terms"),
        _(
            "A dated version of a programme's rules: tiers and rates, window, hold, smallest payout, caps. A draft may be"
            " changed; active terms never change, a new version takes their place for new referrals only."
        ),
    ),
    "tier": Word(
        _("Tier"),
        _(
            "A row of the schedule in the terms: from so many connections within the window on, the rate is so much."
        ),
    ),
    "grace": Word(
        _("Grace"),
        _("How many days a tier is kept after it was lost, because what counted for it is too long ago."),
    ),
    "plan": Word(
        _("Product plan"),
        _(
            "The kind of the owner's product that a customer pays for. A rule can be for one plan alone; the others are"
            " for every plan that no rule of their kind names."
        ),
    ),
    "bonus": Word(
        _("Bonus"),
        _(
            "A fixed amount for a sign-up or a connection. It may wait for the customer's first payment, or for the"
            " customer to stay; without that it is taken back at its deadline."
        ),
    ),
    "cancellation": Word(
        _("Cancellation"),
        _(
            "The customer uses the product no longer, or not what one order paid for. The rule says what is taken back:"
            " nothing, the part of the time that was left, or all within some days."
        ),
    ),
    "connection": Word(
        _("Connection"),
        _("A referral whose customer is an establishment of the catalogue. Connections count for the tier."),
    ),
    "order": Word(_("Order"), _("What a customer is asked to pay.")),
    "payment": Word(
        _("Payment"),
        _(
            "Money that moved through the bank for an order. We believe only what the bank says when it is asked."
        ),
    ),
    "attention": Word(
        _("To look at"),
        _(
            "The bank said something that does not fit, such as another amount. Nothing is booked on it until somebody"
            " has looked and written down what they found."
        ),
    ),
    "refund": Word(
        _("Refund"),
        _(
            "Money that went back to the customer, wholly or in part. It takes back the same share of the commission."
        ),
    ),
    "event": Word(
        _("Event"),
        _("A fact from outside: a sign-up, a payment, a refund. Commissions come from events alone."),
    ),
    "commission": Word(
        _("Commission"),
        _(
            "One line: this event earned this agent this amount under these terms. Each can be recomputed by hand."
        ),
    ),
    "hold": Word(
        _("On hold"),
        _("Earned, but not available yet: a refund could still take it back. The terms say how long."),
    ),
    "freeze": Word(
        _("Frozen"),
        _(
            "A hold with a reason, such as a case or a suspended agent. It waits until a person resolves the reason."
        ),
    ),
    "dispute": Word(
        _("Dispute"),
        _(
            "An agent's objection. It freezes nothing by itself; somebody decides by its deadline, and what was wrong is"
            " mended by an ordinary deed."
        ),
    ),
    "deadline": Word(
        _("Deadline"),
        _(
            "Until when somebody decides. Then what the owner chose happens by itself: it is let go, taken back, or stays"
            " as it is."
        ),
    ),
    "trial_balance": Word(
        _("Trial balance"),
        _("All accounts at once. Each entry stands on two of them, so that all balances together are zero."),
    ),
    "two_times": Word(
        _("Booked and happened"),
        _(
            "Each entry bears two times: when it happened in the world, and when it was written into the books. What"
            " comes late is booked in the open month and keeps its own date."
        ),
    ),
    "month": Word(
        _("Month"),
        _(
            "A month of the books, by the calendar of the owner's taxes (Moscow). Once it is closed, by two people,"
            " nobody books into it any more."
        ),
    ),
    "clearing": Word(
        _("Acquirer clearing"),
        _(
            "What customers have paid and the acquirer has not transferred yet, less its fees and what went back."
        ),
    ),
    "settlement": Word(
        _("Settlement"),
        _("A transfer of the acquirer to the owner's account, with the bank's statement as evidence."),
    ),
    "write_off": Word(
        _("Write-off"),
        _("A debt that is given up. One person asks, another decides; the owner bears it as bad debt."),
    ),
    "available": Word(_("Available"), _("The hold is over: it can be paid out.")),
    "reversal": Word(
        _("Reversal"), _("A line that takes back all or part of a commission, because money was refunded.")
    ),
    "true_up": Word(
        _("True-up"), _("A line that corrects a commission, because a fact arrived late or changed the tier.")
    ),
    "debt": Word(
        _("Debt"),
        _(
            "Less than nothing available: a refund took back what had been paid out. Later commissions repay it, and"
            " until then nothing is paid out."
        ),
    ),
    "payout": Word(_("Payout"), _("One transfer of available commissions to one agent.")),
    "payout_run": Word(
        _("Payout run"),
        _(
            "A batch of payouts. One person prepares it, a different one approves it; then the bank is asked, payout by"
            " payout."
        ),
    ),
    "unknown": Word(
        _("Asking the bank"),
        _(
            "We sent a payout and do not know yet how it ended. It is never sent again: the bank is asked until it says."
        ),
    ),
    "failed": Word(
        _("Failed"),
        _("The bank refused for certain. The money is available again; the payout can be tried again."),
    ),
    "returned": Word(
        _("Returned"), _("The money came back after it was paid. It is available to the agent again.")
    ),
    "ledger": Word(
        _("Ledger"),
        _(
            "The books in double entry. Nothing in them is ever changed or removed; a mistake is corrected by another"
            " entry."
        ),
    ),
    "balance": Word(
        _("Trial balance"),
        _("All accounts at once. Debit and credit must be equal; if not, something is broken."),
    ),
    "audit": Word(
        _("Audit log"),
        _("Who did what, and when. It is written together with the deed itself and cannot be changed."),
    ),
    "job": Word(
        _("Job"),
        _(
            "Work that the system does by itself: booking commissions, asking the bank, sending messages. One that fails"
            " is tried again by itself; after many failures it waits for a person."
        ),
    ),
    "role": Word(_("Role"), _("What a colleague may see and do. Somebody may have several roles.")),
    "api_key": Word(
        _("API key"),
        _(
            "The secret by which the owner's product reports sign-ups and orders. It is shown once, when it is made."
        ),
    ),
    "mock": Word(
        _("Mock"),
        _(
            "This instance is for trying things out: no real money moves and no message leaves it. Live has no such mark."
        ),
    ),
    "clock": Word(
        _("Mock clock"),
        _(
            "On a mock instance an administrator may let days pass at once, so that holds end. It only goes forward."
        ),
    ),
    "reference": Word(
        _("Reference"),
        _(
            "The short name of one thing, such as AGT-… or PAY-…. Type it into the search as you like: agt 7k3…"
        ),
    ),
    "masked": Word(
        _("Masked"),
        _("Names and contacts are encrypted. Roles that need not see them see only a part, such as Ivan P."),
    ),
}
"""Every word that a page's help may explain, by a name of its own."""
