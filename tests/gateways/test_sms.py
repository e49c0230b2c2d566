"""The SMS client against the simulated gateway."""

import pytest

from erp.gateways.sms import Sms, SmsRefused, SmsUnknown, SmsUnreachable
from erp.kernel.db import db
from erp.kernel.transaction import TransactionOpen

PHONE = "+79990000001"


@pytest.fixture
def gateway(start_sms):
    return start_sms()


@pytest.fixture
def sms(gateway):
    return client(gateway.url)


def client(url, token="sms-token"):
    return Sms(mode="mock", environment="simulator", url=url, token=token)


def inbox(gateway):
    messages = gateway.http.get("/inbox.json", params={"to": PHONE}).json()["messages"]
    return [message["text"] for message in messages]


def test_a_text_is_handed_over(sms, gateway):
    assert sms.send(PHONE, "Ваш код 1234") == "sms-1"
    assert inbox(gateway) == ["Ваш код 1234"]


def test_each_way_to_fail_has_its_name(sms, gateway, nowhere):
    with pytest.raises(SmsUnreachable):
        client(nowhere).send(PHONE, "x")
    with pytest.raises(SmsRefused) as refusal:
        client(gateway.url, "wrong").send(PHONE, "x")
    assert refusal.value.code == "unauthorized"
    with pytest.raises(SmsRefused):
        sms.send("not a phone", "x")
    gateway.misbehave("send", "http_500")
    with pytest.raises(SmsUnknown):
        sms.send(PHONE, "x")
    assert inbox(gateway) == []
    gateway.misbehave("send", "timeout_after")
    with pytest.raises(SmsUnknown):
        sms.send(PHONE, "perhaps")
    assert inbox(gateway) == ["perhaps"]


def test_nothing_is_sent_while_a_transaction_is_open(sms, gateway):
    db.session.begin()
    with pytest.raises(TransactionOpen):
        sms.send(PHONE, "x")
    db.session.rollback()
    assert inbox(gateway) == []
