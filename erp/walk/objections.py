"""The chapter of objections: an agent disputes, staff freeze, take back and undo, and all of it explains itself."""

from __future__ import annotations

from typing import Any

from erp.walk.narrator import rubles
from erp.walk.programs import until


def the_dispute(story: Any) -> None:
    """The dispute: an agent objects, somebody decides, and a second thought takes back and gives again"""
    line = next(one for one in story.boris.get("/commissions")["items"] if one["state"] == "available")
    made = story.boris.post(
        "/disputes", {"kind": "wrong", "message": "I was promised more", "commission": line["id"]}
    )
    again = story.boris.ask(
        "POST", "/disputes", json={"kind": "wrong", "message": "Once more", "commission": line["id"]}
    )
    story.say.prove(
        (made["state"], again.status_code) == ("open", 409),
        f"Boris disputes what {rubles(line['net']['amount'])} is; {made['decided_by']} decides until"
        f" {made['due_at'][:10]}, and a second dispute about it is refused: 409 already_disputed",
        again.text,
    )
    _decide(story, made["reference"])
    _freeze(story, line)
    _take_back(story, line)


def _decide(story: Any, reference: str) -> None:
    page = story.finance.open(f"/disputes/{reference}")
    note = "The tier is that of the day of the payment"
    story.finance.submit(page, "/decision", decision="reject", code="as_agreed", note=note)
    shown = story.boris.get(f"/disputes/{reference}")
    story.say.prove(
        (shown["state"], shown["messages"][-1]["text"]) == ("rejected", note),
        f"finance decides it with a reason, and Boris reads it: {shown['reason_text']}",
        shown,
    )
    told = until(
        lambda: [one for one in story.boris.messages() if reference in one["text"]],
        "word of the decision by SMS",
    )
    story.say.prove(
        note not in told[0]["text"], "he was sent word of it by SMS, without the words themselves"
    )


def _freeze(story: Any, line: dict[str, Any]) -> None:
    before, url = story.boris.balance(), f"/freezes/commissions/{line['id']}"
    story.manager.submit(story.manager.open(url), url, code="suspicion", note="To be looked into")
    frozen = story.boris.get(f"/commissions/{line['id']}")
    story.say.prove(
        (story.boris.balance()["frozen"], frozen["freeze"]["otherwise"])
        == (before["frozen"] + line["net"]["amount"], "release"),
        f"a manager freezes what was available: {frozen['why']['sentences'][-1]}",
        frozen,
    )
    story.manager.submit(story.manager.open(url), f"{url}/release", code="found_right", note="All is well")
    story.say.prove(story.boris.balance() == before, "and lets it go: it is where it was")


def _take_back(story: Any, line: dict[str, Any]) -> None:
    before, url = story.boris.balance()["available"], f"/reversals/new/{line['id']}"
    made = story.manager.submit(
        story.manager.open(url), url, amount="100.00", code="agreed", note="Agreed on the phone"
    )
    reversal = made.url.rpartition("/")[2]
    explained = story.boris.get(f"/commissions/{line['id']}")["why"]["sentences"]
    story.say.prove(
        story.boris.balance()["available"] == before - 10_000
        and any("it was agreed with the agent" in sentence for sentence in explained),
        f"{reversal} takes back 100.00 ₽ by hand, and the commission says why",
        explained,
    )
    page = story.finance.open(f"/reversals/{reversal}")
    story.finance.submit(page, "/undoing", code="mistaken_reversal", note="The contract came")
    story.say.prove(
        story.boris.balance()["available"] == before,
        "finance undoes it by another decision: nothing is missing, and both stay on record",
    )
