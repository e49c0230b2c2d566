"""What the bank posts about payouts is kept, answered, and followed by asking."""

import json

import pytest

from erp import config
from erp.domain import analytics, payouts
from erp.domain.payments import Verdict
from erp.gateways.tbank import token
from erp.gateways.tbank.notifications import PAYOUT_SIGNED
from erp.kernel import clock
from erp.kernel.db import db, rows, scalar
from erp.kernel.transaction import transaction
from tests.payouts.conftest import attempts
from tests.support.trade import balance

FOLLOW = "erp.jobs.payouts.follow"


@pytest.fixture
def attempt(approved, edge):
    payouts.execute(approved, edge)
    return attempts(approved)[0]


def notification(attempt, *, password=None, **changes):
    fields = {
        "TerminalKey": attempt.terminal_key,
        "OrderId": attempt.key,
        "Success": True,
        "Status": "COMPLETED",
        "PaymentId": int(attempt.provider_payment_id or 0),
        "ErrorCode": "0",
        "Amount": 50_000,
        "SbpId": "A1",
        "Phone": "79161000001",
        **changes,
    }
    signed = {name: fields[name] for name in PAYOUT_SIGNED}
    secret = password or config.get().tbank_payout_password.get_secret_value()
    return json.dumps({**fields, "Token": token.make(signed, secret)}).encode()


def receive(body):
    with transaction():
        receipt = payouts.receive_notification(body, now=clock.now())
    return receipt.verdict, receipt.answer_ok


def jobs():
    found = [
        job for (job,) in rows("select job from outbox where job = :job and due_at <= now()", job=FOLLOW)
    ]
    db.session.rollback()
    return found


def test_the_banks_news_has_the_payout_asked_about_and_books_nothing(ivan, attempt):
    assert receive(notification(attempt)) == (Verdict.ACCEPTED, True)
    assert jobs() == [FOLLOW]
    assert balance(ivan) == {"in_payout": 50_000}


def test_the_same_news_again_is_answered_only(attempt):
    receive(notification(attempt))
    assert receive(notification(attempt)) == (Verdict.DUPLICATE, True)
    assert jobs() == [FOLLOW]


NOT_NEWS_OF_IT = [
    ({"password": "wrong"}, (Verdict.BAD_TOKEN, False)),
    ({"OrderId": "PO-UNKNOWN-1"}, (Verdict.UNKNOWN_ORDER, False)),
    ({"Amount": 50_001}, (Verdict.WRONG_AMOUNT, True)),
    ({"PaymentId": 1}, (Verdict.OTHER, True)),
    ({"NotificationType": "LINKCARD"}, (Verdict.OTHER, True)),
]


def test_what_is_not_news_of_this_payout_is_not_followed(attempt):
    for changes, expected in NOT_NEWS_OF_IT:
        assert receive(notification(attempt, **changes)) == expected
    assert jobs() == []


def test_no_phone_is_kept(attempt):
    receive(notification(attempt))
    assert "79161000001" not in scalar("select row_to_json(n)::text from bank_notification n")


def test_the_timeline_tells_the_approval_the_steps_and_the_news(attempt, approved):
    receive(notification(attempt))
    told = [step.what for step in analytics.story("payout", approved, oldest_first=True).page.rows]
    assert [what for what in told if not what.startswith("attempt_")] == [
        "payout_run.prepared",
        "payout_run.approved",
        "payout_approved",
        "payout.checking",
        "payout.checked",
        "payout.sent",
        "COMPLETED",
    ]
    assert [what for what in told if what.startswith("attempt_")] == ["attempt_begun", "attempt_sent"]
