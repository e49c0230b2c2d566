"""The help of every page: why there is such a page, what its words mean, and what one can do there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from flask import Blueprint, request
from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from erp.blueprints.glossary import WORDS
from erp.blueprints.responses import page_or_part
from erp.kernel.errors import NotFound
from erp.kernel.permissions import for_staff

bp = Blueprint("help", __name__, url_prefix="/help")


class Help(NamedTuple):
    """What helps on one page. `words` are keys of the glossary; `can` are sentences, the commonest deed first."""

    about: LazyString
    words: Sequence[str]
    can: Sequence[LazyString]


FIND = _(
    "Search, filter and sort; the address keeps it all, so a list can be bookmarked or sent to a colleague."
)
OPEN = _("Open a line to see everything about it, and what led to it.")
HISTORY = _("Read at the end who did what to it, and when.")
STORY = _("Read on the tab History all that happened to it, whoever tells of it.")
KEEP = _("Choose columns, keep the list as a file, or save what you filtered as a view of your own.")
MANY = _(
    "Tick several rows, or all that fit the filters, to do one deed to them; you see first what would change."
)
FIGURES = _("Read what a figure means under it, and compare it with the period before.")
ROWS = _("Open a figure down to the rows behind it.")
KEYS = _("Everywhere: / goes to the search, ? to this help, Escape closes what is open.")

PAGES: dict[str, Help] = {
    "home.show": Help(
        _("Where a day begins: what waits for you, and how things stand."),
        ("case", "payout_run", "unknown", "hold", "debt"),
        (
            _("Open what waits: each card leads to the list behind its number."),
            _("See the same numbers in the menu on every page; they are at most a quarter of a minute old."),
        ),
    ),
    "home.of_manager": Help(
        _("How the programme goes: what moved in the period, what waits, what is at risk."),
        ("booking", "connection", "customer", "commission", "case"),
        (FIGURES, ROWS),
    ),
    "home.of_finance": Help(
        _("What is owed and when it falls due, what is on its way, and what was paid."),
        ("hold", "available", "debt", "payout_run", "unknown"),
        (FIGURES, ROWS),
    ),
    "home.of_support": Help(
        _("Agents who may need a call, and codes that did not count at sign-up."),
        ("agent", "code", "freeze", "failed", "masked"),
        (ROWS,),
    ),
    "home.of_admin": Help(
        _("Whether everything runs: jobs, the bank, keys, and who did what lately."),
        ("job", "api_key", "audit"),
        (ROWS,),
    ),
    "home.of_auditor": Help(
        _("Who did what, and whether the sums of the books agree."),
        ("audit", "ledger", "balance"),
        (FIGURES, ROWS),
    ),
    "home.turnover": Help(
        _("Every day of a year: what customers paid and what agents earned on it."),
        ("payment", "refund", "commission"),
        (_("Draw over a stretch of days to look at it closely; press twice to see all of it."), ROWS),
    ),
    "search.show": Help(
        _("One search over everything that your role may open."),
        ("reference", "code", "masked"),
        (
            _("Type a reference or a code as you have it: without dash, in small letters, with a slip."),
            _("Type a few words of a place's name or address, in Latin or Cyrillic."),
            _("Walk through what is found with the arrows, open it with Enter."),
        ),
    ),
    "establishments.index": Help(
        _("The catalogue: every place that may become a customer, and whether somebody works on it."),
        ("establishment", "claim_group", "booking", "connection"),
        (FIND, KEEP, _("Book a free place for an agent who asked by phone: open it and choose the agent.")),
    ),
    "establishments.show": Help(
        _("One place: who holds it, how it may be reached, and what became of it."),
        ("establishment", "claim_group", "booking", "stage"),
        (
            _("Book it for an agent, if nobody holds it."),
            _("Release a booking, when the agent gave up or asks for it."),
            STORY,
        ),
    ),
    "bookings.index": Help(
        _("Every exclusive right of an agent to a place, those that are open and those that have ended."),
        ("booking", "stage", "ending"),
        (FIND, KEEP, MANY, _("Sort by the end of the term to see which run out next."), OPEN),
    ),
    "bulk.show": Help(
        _(
            "One deed for the rows you chose: what it would change, how far it is, and what became of each row."
        ),
        ("many_rows",),
        (
            _(
                "Read what would change in each row, and which would be refused and why; nothing is done before you confirm."
            ),
            _("Watch many rows being done, or leave and come back: the address stays the same."),
            _("Where a deed can be taken back, do that for all that were done."),
        ),
    ),
    "bookings.show": Help(
        _("One booking: who holds which place, until when, and how far they have come."),
        ("booking", "stage", "ending"),
        (
            _("Move it to the next stage, when the agent reports it."),
            _("Give it one more term, once, with a reason."),
            _("Release it, so that somebody else may book the place."),
            STORY,
        ),
    ),
    "agents.index": Help(
        _("Everybody who refers customers, with what they have earned."),
        ("agent", "code", "hold", "available", "masked"),
        (FIND, KEEP, MANY, _("Show those who wait for verification and make them active.")),
    ),
    "agents.show": Help(
        _("One agent: who they are, where they stand, what they brought and earned."),
        ("agent", "code", "tier", "hold", "freeze", "available", "debt"),
        (
            _("Activate them, when you have checked who they are: from then on they can be paid."),
            _("Suspend them with a reason: what they earn from then on is frozen."),
            _("Close the account for good."),
            STORY,
        ),
    ),
    "agents.closure": Help(
        _("What closing an agent will change, before it is done."),
        ("agent", "hold", "freeze", "available"),
        (_("Close the account for good."),),
    ),
    "entries.index": Help(
        _(
            "Every entry of the agent's accounts, with the balance after it: what explains each figure to the kopeck."
        ),
        ("ledger", "hold", "freeze", "available", "payout"),
        (_("Follow an entry back to what caused it."),),
    ),
    "referrals.index": Help(
        _("Every customer who was attributed to an agent, and what the attribution rests on."),
        ("referral", "basis", "customer", "code"),
        (FIND, KEEP, OPEN),
    ),
    "referrals.show": Help(
        _("One attribution: whose customer it is, why, and under which terms it earns."),
        ("referral", "basis", "terms", "case", "freeze"),
        (_("See the proof that was kept at sign-up."), _("Go on to the case, if there is one."), STORY),
    ),
    "customers.index": Help(
        _("Everybody who pays the owner, who brought them, and whether they stay."),
        ("customer", "referral", "code"),
        (FIND, KEEP, OPEN),
    ),
    "customers.show": Help(
        _("One customer: who brought them, what they paid, and what was earned on it."),
        ("customer", "referral", "payment", "commission"),
        (_("Go on to the referral, a payment or a commission."), STORY),
    ),
    "cases.index": Help(
        _("Customers that two agents claim. What they bring is frozen until somebody decides."),
        ("case", "booking", "code", "freeze"),
        (_("Take the one that has waited longest: it stands on top."), OPEN),
    ),
    "cases.show": Help(
        _("One case: what speaks for either agent, and what is frozen because of it."),
        ("case", "freeze", "referral"),
        (
            _("Decide, with a reason that both agents may ask for. What was frozen follows at once."),
            HISTORY,
        ),
    ),
    "commissions.index": Help(
        _("Every commission there is, with what is left of it and where it stands."),
        ("commission", "hold", "freeze", "available", "reversal", "true_up"),
        (FIND, KEEP, _("Open a line to read why it is this amount.")),
    ),
    "commissions.show": Help(
        _(
            "One commission: the whole way from the customer's payment to the agent's bank, and why it is this amount."
        ),
        ("commission", "event", "tier", "hold", "reversal", "true_up"),
        (
            _(
                "Compare each sentence with the terms: the figures are those that were stored when it was booked."
            ),
            _("Follow it to the payment, the referral and the payout."),
            STORY,
        ),
    ),
    "freezes.index": Help(
        _("Everything that is frozen, or was: why, for whom, who decides, and by when."),
        ("freeze", "deadline", "case", "hold"),
        (
            FIND,
            KEEP,
            MANY,
            _("Let go of what was looked into; it goes back to where it was taken from."),
            OPEN,
        ),
    ),
    "reversals.index": Help(
        _(
            "What people took back of commissions by hand, or gave back again, and what waits for a second person."
        ),
        ("reversal", "commission", "debt"),
        (FIND, KEEP, OPEN),
    ),
    "reversals.new": Help(
        _("Takes back a commission, or a part of it, at whatever stage it is."),
        ("reversal", "debt", "commission"),
        (_("Say how much and why; above the limit a different person must approve it."),),
    ),
    "reversals.show": Help(
        _("One reversal by hand: how much, why, who asked and who approved."),
        ("reversal", "debt"),
        (
            _("Approve what somebody else asked for, or withdraw it."),
            _("Undo what was a mistake, by another decision."),
            HISTORY,
        ),
    ),
    "freezes.of": Help(
        _("Freezes one commission, or all of an agent or a customer, and lets go of what was frozen."),
        ("freeze", "deadline", "available"),
        (
            _("Freeze with a reason and a note: nothing of it is paid out until somebody decides."),
            _("Let go of what was found right: it goes on to its hold, or is available again."),
        ),
    ),
    "deadlines.show": Help(
        _(
            "The owner's choice for what waits for a person: who decides, by when, and what happens if nobody does."
        ),
        ("freeze", "deadline", "role"),
        (
            _(
                "Change who decides, in how many days, and what happens then; what is frozen already keeps what it was told."
            ),
            HISTORY,
        ),
    ),
    "payments.index": Help(
        _("What customers paid, or were asked to pay, through the bank."),
        ("payment", "order", "refund", "attention"),
        (FIND, KEEP, _("Show only those that somebody must look at.")),
    ),
    "payments.show": Help(
        _("One payment: what the bank said about it, and what was booked because of it."),
        ("payment", "order", "refund", "event", "attention"),
        (
            _("Give money back, wholly or in part; the bank is asked once, however often you press."),
            _("Write down what was refunded in the bank's own cabinet."),
            _("Settle what did not fit, with what you found."),
            STORY,
        ),
    ),
    "payouts.index": Help(
        _("Every transfer to an agent, and what the bank said of it."),
        ("payout", "payout_run", "unknown", "failed", "returned"),
        (FIND, KEEP, MANY, OPEN),
    ),
    "payouts.show": Help(
        _("One transfer: what it pays, every attempt at the bank, and how it ended."),
        ("payout", "unknown", "failed", "returned"),
        (
            _("Try a failed one again, after what made it fail is mended."),
            _("Write down that the money came back, when the bank's statement shows it."),
            STORY,
        ),
    ),
    "payout_runs.index": Help(
        _("Batches of payouts, each let go by two people."),
        ("payout_run", "payout"),
        (_("Prepare a run: you see first who is paid and who is not, and why."), OPEN),
    ),
    "payout_runs.new": Help(
        _(
            "What a run made now would pay, and whom it would leave out, and why. Nothing is done before you press."
        ),
        ("payout_run", "available", "debt"),
        (_("Prepare the run; somebody else must approve it before money leaves."),),
    ),
    "payout_runs.show": Help(
        _("One run: its payouts, and how far the bank has come with them."),
        ("payout_run", "payout", "unknown", "failed"),
        (
            _("Approve it, if somebody else prepared it."),
            _("Cancel it, or take single payouts out, as long as it is a draft."),
            _("Watch it: the page renews itself while the bank works."),
        ),
    ),
    "payout_runs.sheet": Help(
        _("The whole run on paper, for those who sign it."),
        ("payout_run", "payout"),
        (_("Print it: the paper shows the content alone, when it was printed and by whom."),),
    ),
    "ledger.index": Help(
        _("The owner's books: every account with its sum, and what the time shown has brought."),
        ("ledger", "trial_balance", "two_times", "balance", "debt"),
        (
            _("See that debit and credit are equal, and what the owner owes agents."),
            _("Choose a month or days, and by which of the two times they are meant."),
            _("See the books as they were known at the end of a day."),
            _("Open any figure into the entries that it sums."),
        ),
    ),
    "journal.index": Help(
        _("Every entry of the owner's books, for accountants."),
        ("ledger", "two_times", "month"),
        (FIND, KEEP, _("Choose an account to see what stood before, what moved, and what stands.")),
    ),
    "periods.index": Help(
        _("The months of the owner's books: which are closed, and which is next."),
        ("month", "trial_balance"),
        (_("Open the next one, look at what is still open, and propose to close it."), OPEN),
    ),
    "periods.show": Help(
        _("One month of the books: as it was kept when it was closed, or as it stands."),
        ("month", "trial_balance", "two_times"),
        (
            _("Propose to close it when it is over; a different person approves."),
            _("Open any figure into the entries that it sums."),
            HISTORY,
        ),
    ),
    "settlements.index": Help(
        _("What the acquirer transferred to the owner of what customers paid."),
        ("settlement", "clearing"),
        (FIND, KEEP, _("Write down what the bank's statement shows.")),
    ),
    "settlements.new": Help(
        _("A transfer of the acquirer that the bank's statement shows."),
        ("settlement", "clearing"),
        (_("Copy the amount, the number and the day from the statement; the number counts once."),),
    ),
    "settlements.show": Help(
        _("One transfer of the acquirer, and who wrote it down."),
        ("settlement", "clearing"),
        (_("Void it if it was a mistake: its mirror is booked."), HISTORY),
    ),
    "write_offs.index": Help(
        _("Debts of agents that somebody asked to give up, and what was decided."),
        ("debt", "write_off"),
        (FIND, KEEP, _("Show those to decide, and open one.")),
    ),
    "write_offs.new": Help(
        _("To ask that a debt of an agent is given up, wholly or in part."),
        ("debt", "write_off"),
        (_("Say how much, why, and what was tried. Nothing is booked before a different person approves."),),
    ),
    "write_offs.show": Help(
        _("One debt to give up: how much, why, who asked and who decided."),
        ("debt", "write_off"),
        (_("Approve or refuse it, if a colleague asked."), HISTORY),
    ),
    "statements.index": Help(
        _("What each agent's months came to, sealed when they were over, for accountants and for disputes."),
        ("statement", "seal", "available", "debt"),
        (OPEN, FIND, KEEP, _("Take the roots of the seals away, and keep them where Ref cannot write.")),
    ),
    "statements.show": Help(
        _("An agent's month: what each account held before and after, every entry between, and why."),
        ("statement", "seal", "hold", "reversal", "payout"),
        (
            _("Keep it as PDF or XLSX for people, or as JSON or CSV, which can be verified offline."),
            _("Print it: the page is made for paper, too."),
            HISTORY,
        ),
    ),
    "statements.preview": Help(
        _("What an agent's month holds so far. It is not sealed and may still grow."),
        ("statement", "seal", "hold"),
        (_("Look at the months before on the agent's page: they are sealed."),),
    ),
    "seal_roots.index": Help(
        _(
            "By what anybody can find out that a sealed month was rewritten, even by somebody with every right."
        ),
        ("seal", "statement"),
        (
            _("Open a root to keep it as a file, and keep the public key with it, somewhere else."),
            _("Verify a statement against them: ref statement verify."),
        ),
    ),
    "rerates.index": Help(
        _("Referrals that somebody wants to move to other terms, and what was decided."),
        ("rerate", "notice", "terms", "referral"),
        (FIND, KEEP, OPEN),
    ),
    "rerates.new": Help(
        _(
            "Moves referrals to the active terms of their programme from a day on, when a second person agrees."
        ),
        ("rerate", "notice", "terms"),
        (
            _("Choose those of a version or of an agent here, or tick any on the list of referrals."),
            _("Read what changes for them, then say from which day on, and why."),
        ),
    ),
    "rerates.show": Help(
        _(
            "One re-rate: whom it concerns, what each would have won or lost in the last year, and what was decided."
        ),
        ("rerate", "notice", "commission"),
        (
            _("Approve or refuse what somebody else proposed, when it is counted."),
            _("Withdraw it, as long as it has not begun; agents who were told are told again."),
            HISTORY,
        ),
    ),
    "rerate_agents.index": Help(
        _("Each agent of a re-rate: what their referrals earned, and would have earned under the new terms."),
        ("rerate", "agent", "notice"),
        (_("Sort by the difference to see who loses or wins most."), FIND, KEEP, OPEN),
    ),
    "backtests.index": Help(
        _("Replays of a programme's history under other terms, kept to be looked at and compared."),
        ("back_test", "programme", "terms"),
        (
            _("Ask for a new one, and choose the versions of the terms that it compares."),
            _("Tick two to four of one programme and period, and put them side by side."),
            FIND,
            KEEP,
            OPEN,
        ),
    ),
    "backtest_comparison.show": Help(
        _("Back-tests that were saved apart, side by side: what each of their versions costs, and for whom."),
        ("back_test", "programme", "terms"),
        (
            _("Open a number of agents to see who would earn more or less."),
            _("Keep it as a file: one row for each version and month."),
        ),
    ),
    "backtests.new": Help(
        _("Which versions of a programme's terms are held against its history."),
        ("back_test", "terms", "referral"),
        (
            _("Choose up to four versions, drafts or not: they are shown side by side."),
            _(
                "Narrow it to days, or to some agents by their codes, when you want to know about those alone."
            ),
        ),
    ),
    "backtests.show": Help(
        _(
            "What terms would have cost in a history that is known: in all, by month, agent by agent. Nothing of it is"
            " booked."
        ),
        ("back_test", "commission", "tier", "referral", "reversal"),
        (
            _("Watch the worker, or cancel; what was replayed by then is kept."),
            _("When the worker gave up, read why, and have it run again from where it was."),
            _(
                "Read first what is checked and what to know: whether the books agree, and whom it would really touch."
            ),
            _("Open a number of agents to see who they are, and an agent to see every line."),
            _("Repeat it when the draft has changed, print it, or delete it."),
            HISTORY,
        ),
    ),
    "backtest_agents.index": Help(
        _("Each agent of a back-test: what they earned, and what they would have earned under one version."),
        ("back_test", "agent", "tier"),
        (
            _("Choose the version, or columns that show all versions side by side."),
            _("Narrow it to those who would earn more, less or the same, or who would move between tiers."),
            FIND,
            KEEP,
            OPEN,
        ),
    ),
    "backtest_lines.index": Help(
        _("Everything that earned an agent something, as it was and as it would have been, with the reason."),
        ("back_test", "commission", "tier", "connection"),
        (
            _("Show the lines that change alone."),
            FIND,
            KEEP,
            _("Read in the last column why an amount differs."),
        ),
    ),
    "disputes.index": Help(
        _("What agents object to: something earned nothing, an amount is wrong, something was refused."),
        ("dispute", "deadline", "case"),
        (FIND, KEEP, _("Raise one for an agent who called."), OPEN),
    ),
    "disputes.new": Help(
        _("Writes down what an agent objects to, on their behalf."),
        ("dispute", "reference"),
        (_("Give the agent's code, what is wrong in their words, and what it is about as far as you know."),),
    ),
    "disputes.show": Help(
        _(
            "One dispute: the words of both sides beside what the books say, the decision, and what mended it."
        ),
        ("dispute", "deadline", "commission", "referral"),
        (
            _("Write to the agent; they are sent word of it and read it in RefAPP."),
            _("Decide with a reason and a note, if it is yours to decide; the agent is told."),
            _("Mend what an upheld one found: attribute the customer, or transfer it with what was earned."),
        ),
    ),
    "programmes.index": Help(
        _("What is distributed, and on which terms."),
        ("programme", "terms", "tier"),
        (_("Make a programme, then draft its terms."), OPEN),
    ),
    "programmes.new": Help(
        _("A programme has a name, a currency and a zone in which its months begin. These never change."),
        ("programme", "terms"),
        (_("Make it, then draft its first terms."),),
    ),
    "programmes.show": Help(
        _("One programme with every version of its terms."),
        ("programme", "terms", "tier", "hold"),
        (
            _("Draft a new version. Referrals that exist keep the version they were made under."),
            _("Activate a draft: it is in force for every referral from then on."),
            HISTORY,
        ),
    ),
    "terms.show": Help(
        _("One version of the terms: what it pays, for what, when."),
        ("terms", "tier", "grace", "plan", "bonus", "cancellation", "connection", "hold"),
        (
            _("Change or discard it, as long as it is a draft."),
            _("Bring it into force now or at a moment to come, or retire it, and say why."),
            _("Compare it with another version, or copy it as a new draft."),
        ),
    ),
    "terms.compare": Help(
        _("What one version of the terms says differently from another, and what that means for agents."),
        ("terms", "tier", "hold"),
        (
            _("Choose two versions."),
            _("Print it: the paper shows the content alone, when it was printed and by whom."),
        ),
    ),
    "terms.new": Help(
        _("A draft of terms: nobody earns under it before it is activated."),
        ("terms", "tier", "grace", "plan", "bonus", "cancellation", "connection", "hold", "payout"),
        (
            _(
                "Say what earns, and how the rate grows with the tiers; beside it you read what the draft says."
            ),
            _("Add, remove and move rules and tiers; what does not fit is said beside the field."),
        ),
    ),
    "terms.edit": Help(
        _("A draft of terms that is not in force yet."),
        ("terms", "tier", "grace", "plan", "bonus", "cancellation", "connection", "hold", "payout"),
        (_("Change it; if a colleague changed it meanwhile, you are told and nothing is overwritten."),),
    ),
    "audit.index": Help(
        _("Who did what, when, from the beginning on."),
        ("audit",),
        (FIND, KEEP, OPEN),
    ),
    "audit.show": Help(
        _("One deed with all its details, and what it was done to."),
        ("audit",),
        (_("Go on to what it was done to."),),
    ),
    "jobs.index": Help(
        _("Work that is not done yet: what waits, what failed and will be tried again, what was given up."),
        ("job",),
        (FIND, KEEP, MANY, OPEN),
    ),
    "jobs.show": Help(
        _("One piece of work, how often it was tried, and what went wrong last."),
        ("job",),
        (_("Try it again, after what made it fail is mended. It may run twice without harm."),),
    ),
    "staff.index": Help(
        _("Everybody who works here, and their roles."),
        ("role",),
        (FIND, KEEP, _("Add a colleague.")),
    ),
    "staff.new": Help(
        _("A colleague who may sign in from now on."),
        ("role",),
        (_("Choose the roles: the fewest that the work needs."),),
    ),
    "staff.show": Help(
        _("One colleague: their roles, and all that these allow."),
        ("role", "audit"),
        (
            _("Change the roles; they count from the next click on."),
            _(
                "Deactivate somebody who left: they are signed out everywhere at once. Let them in again when they return."
            ),
            _("Set a first password for somebody who forgot theirs, and hand it over in person."),
            HISTORY,
        ),
    ),
    "me.show": Help(
        _("How RefERP looks to you, and how you prove that it is you."),
        ("role",),
        (
            _("Choose your language, light or dark, and the time zone that moments are shown in."),
            _("Change your password: every other session ends with it."),
            _("Sign out everywhere else, if you left a browser signed in."),
        ),
    ),
    "me.password": Help(
        _("A password that only you know."),
        ("role",),
        (_("Type the present one and one that is new. Length counts more than signs: take a sentence."),),
    ),
    "api_keys.index": Help(
        _("By what the owner's product speaks to Ref."),
        ("api_key",),
        (_("Make a key for each system, so that each can be revoked alone."),),
    ),
    "api_keys.new": Help(
        _("A new secret for one system."),
        ("api_key",),
        (_("Name it after the system that will use it. Copy the secret at once: it is shown once."),),
    ),
    "api_keys.show": Help(
        _("One key: who made it and when it was used last."),
        ("api_key", "audit"),
        (_("Revoke it: whoever uses it is refused from then on."),),
    ),
    "clock.show": Help(
        _("Lets time pass on this mock instance, so that holds end and bookings expire."),
        ("mock", "clock", "hold"),
        (_("Move the clock forward; what became due is done at once. It never goes back."),),
    ),
    "ui.index": Help(
        _("Every part that pages are built of, in every state, for those who build pages."),
        ("mock",),
        (_("Press and type: everything works as on the other pages."),),
    ),
    "help.show": Help(
        _("The help of a page: why it is there, its words, and what one can do."),
        ("reference", "masked", "mock"),
        (_("Press ? on any page."),),
    ),
}
"""By the endpoint of the page. A test fails for a page that has none."""


@bp.get("/<page>")
@for_staff("it explains words, and holds nothing that anybody could not know")
def show(page: str) -> Any:
    """In the drawer of the page, or as a page of its own."""
    help = PAGES.get(page)
    if help is None:
        raise NotFound
    words = [WORDS[key] for key in help.words]
    return page_or_part("help/show.html", "help/_drawer.html", help=help, words=words, keys=KEYS)


def help_here() -> str:
    """The page that is shown, if it has help; errors and fragments have none."""
    endpoint = request.endpoint or ""
    return endpoint if endpoint in PAGES else "home.show"
