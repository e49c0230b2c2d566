"""A commission is taken back from its page; above the limit a second person approves; it can be undone."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask

from erp.domain import commissions
from erp.kernel.permissions import Role
from tests.pages.conftest import Desk
from tests.support.office import Office


def left(app: Flask, office: Office) -> int:
    with app.app_context():
        net: int = commissions.find(office.commission).net
    return net


def test_a_part_is_taken_back_from_the_page_of_the_commission(
    app: Flask, desk: Callable[[Role], Desk], office: Office
) -> None:
    manager, url = desk(Role.MANAGER), f"/reversals/new/{office.commission}"
    assert f'href="{url}"' in manager.get(f"/commissions/{office.commission}").text
    assert "100.00\xa0₽ is left of this commission." in manager.get(url).text
    made = manager.post(url, amount="9.50", code="wrong_sum", note="The plan was another")
    assert made.status_code == 303
    assert left(app, office) == 10_000 - 950
    page = manager.get(f"/commissions/{office.commission}").text
    assert (
        "it was decided to take it back, for the reason “the amount was not what the terms promise”" in page
    )
    assert made.headers["Location"] in page
    way = page.partition('<ol class="journey"')[2].partition("Why this amount")[0]
    assert "somebody took it back" in way
    assert made.headers["Location"] in way


def test_above_the_limit_a_second_person_approves(
    app: Flask, desk: Callable[[Role], Desk], office: Office
) -> None:
    manager, finance = desk(Role.MANAGER), desk(Role.FINANCE)
    given = {"amount": "50", "code": "fraud", "note": "Two accounts"}
    made = manager.post(f"/reversals/new/{office.commission}", **given).headers["Location"]
    assert left(app, office) == 10_000
    assert "/approval" not in manager.get(made).text
    own = manager.post(f"{made}/approval")
    assert (own.status_code, "A different person must approve it." in own.text) == (422, True)
    assert finance.post(f"{made}/approval").status_code == 303
    assert left(app, office) == 5_000
    back = finance.post(f"{made}/undoing", code="mistaken_reversal", note="One account").headers["Location"]
    assert left(app, office) == 5_000
    assert manager.post(f"{back}/approval").status_code == 303
    assert left(app, office) == 10_000
    assert "It was undone." in manager.get(made).text
    assert (
        "it is given back: taking it back was undone" in manager.get(f"/commissions/{office.commission}").text
    )


def test_what_waits_is_listed_and_can_be_withdrawn(
    app: Flask, desk: Callable[[Role], Desk], office: Office
) -> None:
    finance = desk(Role.FINANCE)
    page = finance.get("/reversals?state=proposed").text
    assert office.reversal in page
    assert "20.00" in page
    assert finance.post(f"/reversals/{office.reversal}/withdrawal").status_code == 303
    assert office.reversal not in finance.get("/reversals?state=proposed").text
    assert left(app, office) == 10_000


def test_what_was_typed_is_kept_and_told(desk: Callable[[Role], Desk], office: Office) -> None:
    manager, url = desk(Role.MANAGER), f"/reversals/new/{office.commission}"
    refused = manager.post(url, part=True, amount="5000", code="fraud", note="Two accounts")
    assert (refused.status_code, "At most 100.00\xa0₽ is left of it." in refused.text) == (422, True)
    assert 'value="5000"' in refused.text
    assert desk(Role.SUPPORT).post(url, amount="1", code="fraud", note="x").status_code == 403


def test_the_owner_sets_the_limit(app: Flask, desk: Callable[[Role], Desk], office: Office) -> None:
    manager = desk(Role.MANAGER)
    assert manager.post("/deadlines/reversals/RUB", **{"RUB-amount": "250"}).status_code == 303
    with app.app_context():
        assert commissions.limit_of("RUB") == 25_000
    assert "Limit of reversals changed" in manager.get("/deadlines").text
    assert manager.post("/deadlines/reversals/RUB", **{"RUB-amount": "much"}).status_code == 422
    assert manager.post("/deadlines/reversals/USD", **{"USD-amount": "1"}).status_code == 404
