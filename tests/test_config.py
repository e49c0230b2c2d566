"""A wrong or dangerous configuration refuses to start and says which; the table in the docs is true."""

import re
from pathlib import Path

import pytest

from erp import config
from erp.config import BadSettings, Settings

GOOD = {
    "DATABASE_URL": "postgresql://ref_app@/ref?host=/run/ref",
    "REDIS_URL": "unix:///run/ref/valkey.sock",
    "REF_SECRET_KEY": "x" * 32,
    "REF_MASTER_KEY": "a" * 64,
    "REF_LOOKUP_KEY": "b" * 64,
    "REF_SEAL_KEY": "/etc/ref/seal.pem",
    "REF_TBANK_PAYOUT_PRIVATE_KEY": "/etc/ref/payout.pem",
    "REF_TBANK_PAYOUT_CERTIFICATE_SERIAL": "1",
}
LIVE = GOOD | {
    "REF_MODE": "live",
    "REF_TBANK_ENVIRONMENT": "bank-live",
    "REF_SMS_ENVIRONMENT": "live",
    "REF_PUBLIC_URL": "https://ref.example",
}


def read(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> Settings:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"REF_{name.upper()}", raising=False)
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return config.get.__wrapped__()


def test_good_settings_of_both_modes_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(monkeypatch, GOOD).mode == "mock"
    assert read(monkeypatch, LIVE).mode == "live"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"REF_MODE": "test"}, "REF_MODE"),
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL"),
        ({"REDIS_URL": "http://x"}, "REDIS_URL"),
        ({"REF_SECRET_KEY": "short"}, "REF_SECRET_KEY"),
        ({"REF_MASTER_KEY": "zz"}, "REF_MASTER_KEY"),
        ({"REF_WORKERS": "none"}, "REF_WORKERS"),
        ({"REF_WEB_PORT": "99999"}, "REF_WEB_PORT"),
        ({"REF_TBANK_ENVIRONMENT": "bank-live"}, "REF_TBANK_ENVIRONMENT"),
        ({"REF_SMS_ENVIRONMENT": "live"}, "REF_SMS_ENVIRONMENT"),
    ],
)
def test_a_bad_mock_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, change: dict[str, str], named: str
) -> None:
    with pytest.raises(BadSettings, match=named):
        read(monkeypatch, GOOD | change)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"REF_TBANK_ENVIRONMENT": "simulator"}, "REF_TBANK_ENVIRONMENT"),
        ({"REF_TBANK_ENVIRONMENT": "bank-test"}, "REF_TBANK_ENVIRONMENT"),
        ({"REF_SMS_ENVIRONMENT": "simulator"}, "REF_SMS_ENVIRONMENT"),
        ({"REF_TBANK_TERMINAL_KEY": "1321054611234DEMO"}, "DEMO"),
        ({"REF_PUBLIC_URL": "http://ref.example"}, "REF_PUBLIC_URL"),
    ],
)
def test_live_refuses_everything_that_is_not(
    monkeypatch: pytest.MonkeyPatch, change: dict[str, str], named: str
) -> None:
    with pytest.raises(BadSettings, match=named):
        read(monkeypatch, LIVE | change)


@pytest.mark.parametrize("missing", GOOD)
def test_a_missing_setting_is_named(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    with pytest.raises(BadSettings, match=missing):
        read(monkeypatch, {name: value for name, value in GOOD.items() if name != missing})


def test_the_documented_table_names_every_setting_with_its_default() -> None:
    table = Path("docs/settings.md").read_text()
    documented = {
        name: (default.strip("`"), meaning)
        for name, default, meaning in re.findall(
            r"^\| `([A-Z_]+)` \| (.*?) \| (.*?) \|$", table, re.MULTILINE
        )
    }
    assert documented == {
        str(field.validation_alias or f"REF_{name.upper()}"): (_default(field), field.description)
        for name, field in Settings.model_fields.items()
    }


def _default(field: object) -> str:
    if field.is_required():
        return "required"
    if "SecretStr" in str(field.annotation):
        return "set"
    return "unset" if field.default is None or field.default == "" else str(field.default)
