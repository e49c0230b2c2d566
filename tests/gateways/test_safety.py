"""A gateway that could move the wrong money does not come into being."""

import pytest

from erp.config import Settings
from erp.gateways.sms import Sms
from erp.gateways.tbank import Acquiring, Payouts, UnsafeGateway

LOOPBACK, PRODUCTION, TEST_HOST = (
    "http://127.0.0.1:8471",
    "https://securepay.tinkoff.ru",
    "https://rest-api-test.tinkoff.ru",
)


@pytest.mark.parametrize(
    ("mode", "environment", "url", "terminal"),
    [
        ("live", "simulator", LOOPBACK, "Terminal"),
        ("live", "bank-test", TEST_HOST, "Terminal"),
        ("mock", "bank-live", PRODUCTION, "Terminal"),
        ("live", "bank-live", TEST_HOST, "Terminal"),
        ("live", "bank-live", PRODUCTION, "1234DEMO"),
        ("live", "bank-live", LOOPBACK, "Terminal"),
        ("live", "bank-live", "http://securepay.tinkoff.ru", "Terminal"),
        ("live", "bank-live", "https://securepay.tinkoff.ru.example.test", "Terminal"),
        ("mock", "simulator", PRODUCTION, "1234DEMO"),
        ("mock", "simulator", "http://192.0.2.1:8471", "Terminal"),
        ("mock", "simulator", "", "Terminal"),
        ("mock", "bank-test", PRODUCTION, "Terminal"),
        ("mock", "bank-test", LOOPBACK, "1234DEMO"),
    ],
)
def test_what_does_not_belong_together_does_not_construct(mode, environment, url, terminal, signer):
    with pytest.raises(UnsafeGateway):
        Acquiring(mode=mode, environment=environment, url=url, terminal_key=terminal, password="x")
    payout_terminal = terminal.replace("DEMO", "E2CDEMO") if "DEMO" in terminal else f"{terminal}E2C"
    with pytest.raises(UnsafeGateway):
        Payouts(mode=mode, environment=environment, url=url, terminal_key=payout_terminal, signer=signer)


@pytest.mark.parametrize(
    ("mode", "environment", "url", "terminal"),
    [
        ("mock", "simulator", LOOPBACK, "TinkoffBankTestE2C"),
        ("mock", "simulator", "http://localhost:1", "TinkoffBankTestE2C"),
        ("mock", "bank-test", PRODUCTION, "1234E2CDEMO"),
        ("mock", "bank-test", TEST_HOST, "1234E2C"),
        ("live", "bank-live", PRODUCTION, "1234E2C"),
    ],
)
def test_what_belongs_together_constructs(mode, environment, url, terminal, signer):
    Acquiring(mode=mode, environment=environment, url=url, terminal_key=terminal, password="x")
    Payouts(mode=mode, environment=environment, url=url, terminal_key=terminal, signer=signer)


def test_an_acquiring_terminal_pays_nobody_out(signer):
    with pytest.raises(UnsafeGateway, match="E2C"):
        Payouts(mode="mock", environment="simulator", url=LOOPBACK, terminal_key="Terminal", signer=signer)


@pytest.mark.parametrize(
    ("mode", "environment", "url"),
    [
        ("mock", "live", "https://sms.example.test"),
        ("live", "simulator", "http://127.0.0.1:8472"),
        ("mock", "simulator", "https://sms.example.test"),
        ("live", "live", "http://sms.example.test"),
        ("live", "live", "https://127.0.0.1"),
    ],
)
def test_an_sms_gateway_follows_the_same_rule(mode, environment, url):
    with pytest.raises(UnsafeGateway):
        Sms(mode=mode, environment=environment, url=url, token="x")


@pytest.fixture
def settings(monkeypatch, key):
    values = {
        "DATABASE_URL": "postgresql://ref_app@127.0.0.1/ref",
        "REDIS_URL": "redis://127.0.0.1",
        "REF_SECRET_KEY": "s" * 32,
        "REF_MASTER_KEY": "0" * 64,
        "REF_LOOKUP_KEY": "1" * 64,
        "REF_SEAL_KEY": "/etc/ref/seal.pem",
        "REF_TBANK_PAYOUT_PRIVATE_KEY": str(key.key_file),
        "REF_TBANK_PAYOUT_CERTIFICATE_SERIAL": key.serial,
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return Settings


def test_gateways_are_built_from_settings(settings, monkeypatch):
    assert Acquiring.from_settings(settings()).terminal_key == "TinkoffBankTest"
    assert Payouts.from_settings(settings()).terminal_key == "TinkoffBankTestE2C"
    Sms.from_settings(settings())
    monkeypatch.setenv("REF_TBANK_URL", PRODUCTION)
    with pytest.raises(UnsafeGateway):
        Acquiring.from_settings(settings())


def test_payouts_without_a_usable_key_are_refused(settings, monkeypatch):
    monkeypatch.setenv("REF_TBANK_PAYOUT_PRIVATE_KEY", "/nowhere/key.pem")
    with pytest.raises(UnsafeGateway, match="REF_TBANK_PAYOUT_PRIVATE_KEY"):
        Payouts.from_settings(settings())
