"""The owner's books on pages: every figure opens into its entries, and finance settles, charges back, writes off, closes."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from html import unescape

import pytest
from flask import Flask

from erp.blueprints.states import state_of
from erp.domain import ledger
from erp.kernel import clock
from erp.kernel.db import scalar
from erp.kernel.permissions import Role
from erp.kernel.transaction import release, transaction
from tests.pages.conftest import TEST, Desk
from tests.pages.test_exports import read_csv, read_xlsx
from tests.support.office import Office

Seat = Callable[[Role], Desk]
FIGURE = re.compile(r'<a href="(/ledger/journal\?[^"]+)"><span class="money[^"]*">(.+?)</span></a>')


def kopecks(text: str) -> int:
    """The amount that a page shows; an account that stands in debit is less than nothing to whom it is owed."""
    digits = int(re.sub(r"[^\d]", "", text))
    return -digits if "−" in text or "-" in text or ">Dr<" in text else digits


def look(app: Flask, sql: str, **params: object) -> object:
    with app.app_context():
        found = scalar(sql, **params)
        release()
    return found


def next_month(app: Flask) -> str:
    """Let the month end that is closed next, if it has not; its name in an address."""
    with app.app_context():
        month = ledger.next_month()
        assert month is not None
        if clock.now() < ledger.ends_of(month):
            with transaction():
                clock.move(ledger.ends_of(month), by=TEST)
    return f"{month:%Y-%m}"


@pytest.mark.parametrize(
    "query", ["", "?since=2020-01-01&until=2040-01-01", "?since=2040-01-01", "?by=occurred&since=2020-01-01"]
)
def test_every_figure_of_the_trial_balance_is_the_sum_of_the_entries_it_opens(
    app: Flask, desk: Seat, office: Office, query: str
) -> None:
    auditor = desk(Role.AUDITOR)
    page = auditor.get(f"/ledger{query}").text.partition('id="trial-balance"')[2].partition("</section>")[0]
    figures = [(unescape(url), kopecks(shown)) for url, shown in FIGURE.findall(page)]
    assert len(figures) > 20
    for url, figure in figures:
        path, _, args = url.partition("?")
        account = re.search(r"account=(\w+)", args)
        assert account
        columns = "columns=debit&columns=credit&columns=amount"
        lines = read_csv(auditor.post(f"{path}/export?{args}&{columns}", format="csv"))
        word = word_of(app, account[1])
        credit = sum(kopecks(line["Amount"]) for line in lines if line["Credit"] == word)
        debit = sum(kopecks(line["Amount"]) for line in lines if line["Debit"] == word)
        expected = credit if "side=credit" in args else debit if "side=debit" in args else credit - debit
        assert figure == expected, url


def word_of(app: Flask, account: str) -> str:
    with app.test_request_context():
        return str(state_of(f"account.{account}").label)


def test_the_journal_is_a_file_with_names_of_accounts_both_times_and_the_month(
    desk: Seat, office: Office
) -> None:
    finance = desk(Role.FINANCE)
    for read, format in ((read_csv, "csv"), (None, "xlsx")):
        answer = finance.post("/ledger/journal/export?kind=payment_received", format=format)
        if read is None:
            heads = [cell.value for cell in read_xlsx(answer)[1]]
        else:
            lines = read(answer)
            heads = list(lines[0])
            assert {(line["Debit"], line["Credit"]) for line in lines} == {
                ("Acquirer clearing", "Revenue"),
                ("Acquirer clearing", "VAT"),
            }
            assert all(re.fullmatch(r"\d{4}-\d\d", line["Month"]) for line in lines)
            assert all(line["Document"].endswith(":confirmed") and line["Mock"] == "mock" for line in lines)
        assert {"Transaction", "Month", "What", "Debit", "Credit", "Amount", "Currency", "Document"} <= set(
            heads
        )
        assert sum(head.startswith(("Booked", "Happened")) for head in heads) == 2


def test_the_books_as_they_were_known(app: Flask, desk: Seat, office: Office) -> None:
    """What is booked today about yesterday was not known yesterday, and happened then."""
    today = look(app, "select ref_now()")
    assert isinstance(today, dt.datetime)
    yesterday = (today - dt.timedelta(days=1)).date()
    with app.app_context(), transaction():
        line = ledger.Line(
            "bank_fee", "late", ledger.HOUSE, "fee", "clearing", 777_77, "RUB", today - dt.timedelta(days=1)
        )
        ledger.post([line], by=TEST)
    finance = desk(Role.FINANCE)
    happened = f"/ledger/journal?q=late&by=occurred&since={yesterday}&until={yesterday}"
    assert "777.77" in finance.get(happened).text
    assert "777.77" not in finance.get(f"{happened}&known={yesterday}").text
    assert "777.77" not in finance.get(f"/ledger/journal?q=late&until={yesterday}").text


def test_a_settlement_is_written_down_once_and_voided(app: Flask, desk: Seat, office: Office) -> None:
    finance = desk(Role.FINANCE)
    today = str(look(app, "select ref_now()::date"))
    typed = {"amount": "100", "statement_number": "815", "settled_on": today}
    done = finance.post("/settlements", **typed)
    assert done.status_code == 303
    page = finance.get(done.headers["Location"])
    assert "100.00" in page.text
    again = finance.post("/settlements", **typed)
    assert again.status_code == 422
    assert "has been written down before" in again.text
    assert (
        finance.post("/settlements", **{**typed, "amount": "999999", "statement_number": "816"}).status_code
        == 422
    )
    voided = finance.post(f"{done.headers['Location']}/voiding", reason="A slip")
    assert voided.status_code == 303
    assert "Voided" in finance.get(done.headers["Location"]).text
    assert look(app, "select count(*) from entry where kind = 'settlement_voided'") == 1


def test_a_chargeback_and_what_was_won_back_are_written_on_the_payment(
    app: Flask, desk: Seat, office: Office
) -> None:
    finance = desk(Role.FINANCE)
    today = str(look(app, "select ref_now()::date"))
    url = f"/payments/{office.payment}"
    row = {"amount": "500", "registry_number": "R-77", "happened_on": today}
    assert finance.post(f"{url}/chargebacks", **row).status_code == 303
    page = finance.get(url).text
    assert "R-77" in page
    assert "Won back" in page
    refused = finance.post(f"{url}/chargebacks", **row)
    assert refused.status_code == 422
    assert "written down before" in refused.text
    assert (
        finance.post(f"{url}/chargeback-reversals", **{**row, "registry_number": "R-78"}).status_code == 303
    )
    assert look(app, "select charged_back from payment where reference = :r", r=office.payment) == 0
    assert "R-78" in finance.get(url).text
    assert "R-78" in finance.get(url).text


def test_a_debt_is_written_off_by_two_people(app: Flask, desk: Seat, office: Office) -> None:
    finance, colleague = desk(Role.FINANCE), desk(Role.FINANCE)
    finance.post(f"/write-offs/{office.write_off}/refusal", note="Once more")
    assert "Write off a debt" in finance.get(f"/agents/{office.debtor}").text
    url = f"/write-offs/new/{office.debtor}"
    assert finance.post(url, amount="9999", reason="agent_gone", note="Gone").status_code == 422
    asked = finance.post(url, amount="120", reason="agent_gone", note="Moved away")
    where = asked.headers["Location"]
    own = finance.post(f"{where}/approval")
    assert own.status_code == 422
    assert "A different person must decide it" in own.text
    assert colleague.post(f"{where}/approval").status_code == 303
    assert "Written off" in colleague.get(where).text
    assert look(app, "select balance from account where kind = 'available' and balance < 0") is None


def test_a_month_is_looked_at_proposed_and_closed_by_two(app: Flask, desk: Seat, office: Office) -> None:
    finance, colleague, auditor = desk(Role.FINANCE), desk(Role.FINANCE), desk(Role.AUDITOR)
    month = next_month(app)
    url = f"/ledger/months/{month}"
    page = finance.get(url).text
    for open_thing in (
        "Frozen commissions",
        "Held by the acquirer",
        "Payments to look at",
        "Debts to write off",
    ):
        assert open_thing in page
    assert finance.post(f"{url}/closings", note="All seen").status_code == 303
    closing = look(app, "select id from period_closing")
    assert finance.post(f"{url}/closings").status_code == 422
    assert finance.post(f"{url}/closings/{closing}/approval").status_code == 422
    assert auditor.post(f"{url}/closings/{closing}/approval").status_code == 403
    assert "1" in colleague.get("/").text.partition("Months")[2][:200]
    assert colleague.post(f"{url}/closings/{closing}/approval").status_code == 303
    closed = auditor.get(url).text
    assert "Closing balance" in closed
    assert "All seen" in closed
    assert "Month closed" in closed
    assert month in auditor.get("/ledger/months").text


def test_a_closed_month_shows_what_was_kept_and_its_figures_open(
    app: Flask, desk: Seat, office: Office
) -> None:
    finance, colleague = desk(Role.FINANCE), desk(Role.FINANCE)
    month = next_month(app)
    before = figures(finance.get(f"/ledger/months/{month}").text)
    finance.post(f"/ledger/months/{month}/closings")
    closing = look(app, "select id from period_closing")
    colleague.post(f"/ledger/months/{month}/closings/{closing}/approval")
    assert figures(finance.get(f"/ledger/months/{month}").text) == before
    for url, _ in before:
        assert finance.get(url).status_code == 200


def figures(page: str) -> list[tuple[str, int]]:
    return [(unescape(url), kopecks(shown)) for url, shown in FIGURE.findall(page)]


def test_who_may_only_read_is_offered_no_deed(desk: Seat, office: Office) -> None:
    auditor = desk(Role.AUDITOR)
    for url in (f"/settlements/{office.settlement}", f"/write-offs/{office.write_off}"):
        page = auditor.get(url).text.partition("<main")[2].partition("</main>")[0]
        assert "<form" not in page
    assert auditor.get("/settlements/new").status_code == 403


def test_the_result_of_a_time_is_revenue_less_costs(app: Flask, desk: Seat, office: Office) -> None:
    page = desk(Role.FINANCE).get("/ledger").text.partition('id="result"')[2].partition("</section>")[0]
    with app.app_context():
        parts = {
            kind: ledger.owner_balance(kind, "RUB")
            for kind in ("revenue", "expense", "fee", "contributions", "bad_debt")
        }
        release()
    shown = re.search(r"<b>Result</b></dt><dd><b><span class=\"money[^\"]*\">([^<]+)", page)
    assert shown
    assert kopecks(shown[1]) == sum(parts.values())
