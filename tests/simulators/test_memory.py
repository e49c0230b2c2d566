"""A restart forgets nothing that was answered, and no simulator starts where it could do harm."""

import subprocess
import sys

import pytest

from tests.simulators.running import REPOSITORY, Merchant, SimulatedBank, eventually, free_port


def test_a_killed_bank_remembers_every_operation(start_bank, order_id):
    bank: SimulatedBank = start_bank()
    payment_id = bank.paid(order_id)
    bank.call("Cancel", PaymentId=payment_id, Amount=40_000, ExternalRequestId="once")
    checked = bank.check(order_id)
    bank.call_payouts("v2/Payment", PaymentId=checked["PaymentId"])
    bank.http.post("/_control/recipient", json={"phone": "79990000009", "short_name": "Олег О."})
    bank.kill()
    bank.start()
    assert bank.status(payment_id) == "PARTIAL_REFUNDED"
    again = bank.call("Cancel", PaymentId=payment_id, Amount=40_000, ExternalRequestId="once")
    assert again["NewAmount"] == 110_000
    assert len(bank.operations(order_id)["refunds"]) == 1
    assert bank.call_payouts("v2/Payment", PaymentId=checked["PaymentId"])["ErrorCode"] in ("623", "4005")
    assert bank.check(f"{order_id}-2", "79990000009")["RecipientShortName"] == "Олег О."
    assert int(bank.init(f"{order_id}-3")) > int(checked["PaymentId"])


def test_news_that_nobody_heard_is_told_after_a_restart(start_bank, order_id):
    port = free_port()
    bank: SimulatedBank = start_bank()
    payment_id = bank.init(order_id, NotificationURL=f"http://127.0.0.1:{port}/hooks/tbank")
    bank.call("Cancel", PaymentId=payment_id)
    eventually(lambda: _notifications(bank)[0]["attempts"] > 0)
    bank.kill()
    merchant = Merchant(port=port)
    bank.start()
    eventually(lambda: merchant.statuses(order_id) == ["CANCELED"])
    eventually(lambda: _notifications(bank)[0]["state"] == "delivered")
    merchant.close()


def test_a_line_torn_by_a_crash_is_dropped(start_bank, order_id, tmp_path):
    bank: SimulatedBank = start_bank()
    payment_id = bank.init(order_id)
    bank.kill()
    with (tmp_path / "bank.jsonl").open("a") as journal:
        journal.write('{"kind":"payment","row":{"id":"7000')
    bank.start()
    assert bank.status(payment_id) == "NEW"
    bank.init(f"{order_id}-2")
    bank.kill()
    bank.start()
    assert bank.operations(f"{order_id}-2")["payments"]


def test_two_banks_do_not_share_a_journal(start_bank, tmp_path):
    start_bank()
    second = _refusal("simulators.tbank", "--journal", tmp_path / "bank.jsonl")
    assert "belongs to a simulator that is running" in second


@pytest.mark.parametrize("module", ["simulators.tbank", "simulators.sms"])
@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.test"])
def test_simulators_listen_on_loopback_only(module, host, tmp_path):
    assert "loopback only" in _refusal(module, "--host", host, "--journal", tmp_path / "j.jsonl")


@pytest.mark.parametrize("url", ["https://securepay.tinkoff.ru/v2/", "https://business.tbank.ru"])
def test_the_bank_does_not_start_beside_a_real_bank(url, tmp_path):
    journal = ("--journal", tmp_path / "j.jsonl")
    assert "real bank host" in _refusal("simulators.tbank", *journal, "--notification-url", url)
    assert "real bank host" in _refusal("simulators.tbank", *journal, environment={"REF_TBANK_URL": url})


def test_settings_come_from_the_environment_too(tmp_path):
    stranger = {"REF_TBANK_HOST": "192.0.2.1", "REF_TBANK_JOURNAL": str(tmp_path / "j.jsonl")}
    assert "192.0.2.1" in _refusal("simulators.tbank", environment=stranger)


def _refusal(module: str, *arguments: object, environment: dict[str, str] | None = None) -> str:
    """What a simulator that must not start says."""
    command = [sys.executable, "-m", module, "--port", str(free_port()), *map(str, arguments)]
    done = subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, timeout=20, env=environment, check=False
    )
    assert done.returncode == 3
    return done.stderr


def _notifications(bank: SimulatedBank) -> list[dict]:
    return bank.http.get("/_control/state").json()["notifications"]
