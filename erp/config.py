"""Every setting of Ref, read once from the environment and checked before anything starts.

`docs/settings.md` holds the same table for people; a test keeps the two equal.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class BadSettings(Exception):
    """The configuration is missing, wrong or unsafe; the message names the settings and the way out."""


class WrongInstance(Exception):
    """The database is not the one this configuration is for; the message says what differs."""


class Settings(BaseSettings):
    """One instance's configuration. Mode belongs to the database; here it is only what we expect of it."""

    model_config = SettingsConfigDict(env_prefix="REF_", frozen=True, extra="ignore")

    database_url: str = Field(
        validation_alias="DATABASE_URL", description="PostgreSQL as `ref_app` (data only)"
    )
    database_owner_url: str | None = Field(
        None,
        validation_alias="DATABASE_OWNER_URL",
        description="PostgreSQL as `ref_owner`, for migrations only",
    )
    redis_url: str = Field(
        validation_alias="REDIS_URL", description="Redis or Valkey: queues and rate limits"
    )

    mode: Literal["mock", "live"] = Field("mock", description="What the database must be stamped as")
    secret_key: SecretStr = Field(description="Signs sessions and forms; 32 characters or more")
    master_key: SecretStr = Field(description="Wraps every person's data key; 64 hexadecimal digits")
    lookup_key: SecretStr = Field(
        description="Keys the hashes by which phones and e-mails are found; 64 hex digits"
    )
    public_url: str = Field(
        "http://127.0.0.1:8470", description="Where people and the bank reach this instance"
    )
    product_url: str = Field("https://example.test/", description="Where a referral link /r/CODE leads")
    var: Path = Field(Path("var"), description="Folder of logs, embedded data and generated secrets")
    owner: str = Field("Ref", min_length=1, description="The owner's name, as statements bear it")
    seal_key: Path = Field(description="PEM file of the Ed25519 key that signs the roots of seals")
    roots: Path | None = Field(
        None,
        description="Folder to which these roots are exported; `roots` in the folder of `REF_VAR` if unset",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least severe line that is logged"
    )

    web_host: str = Field("127.0.0.1", description="Address the web server listens on")
    web_port: int = Field(8470, ge=1, le=65535, description="Port the web server listens on")
    web_processes: int = Field(2, ge=1, le=64, description="Web server processes")
    workers: int = Field(2, ge=1, le=64, description="RQ worker processes in the pool")
    api_rate: str = Field("600 per minute", description="API requests allowed to one access token or API key")
    auth_rate: str = Field("60 per minute", description="Sign-in requests allowed to one address")

    tbank_environment: Literal["simulator", "bank-test", "bank-live"] = Field(
        "simulator", description="Which bank the instance talks to; live databases admit bank-live only"
    )
    tbank_url: str = Field("http://127.0.0.1:8471", description="Base address of the bank")
    tbank_terminal_key: str = Field("TinkoffBankTest", description="Acquiring terminal")
    tbank_password: SecretStr = Field(
        SecretStr("TinkoffBankTest"), description="Password of the acquiring terminal"
    )
    tbank_fee_bps: int = Field(
        250, ge=0, le=10_000, description="The acquirer's tariff: basis points of what a customer pays"
    )
    tbank_payout_terminal_key: str = Field("TinkoffBankTestE2C", description="Payout terminal, ends with E2C")
    tbank_payout_password: SecretStr = Field(
        SecretStr("TinkoffBankTest"), description="Password that signs the payout terminal's notifications"
    )
    tbank_payout_private_key: Path = Field(description="PEM file of the key that signs payout requests")
    tbank_payout_certificate_serial: str = Field(description="Serial number of its certificate at the bank")
    tbank_sign_digest_twice: bool = Field(
        True, description="SHA-256 over the digest bytes once more, as the bank wants"
    )
    sms_environment: Literal["simulator", "live"] = Field(
        "simulator", description="Which SMS gateway sends the codes"
    )
    sms_url: str = Field("http://127.0.0.1:8472", description="Base address of the SMS gateway")
    sms_token: SecretStr = Field(SecretStr("simulator"), description="Bearer token of the SMS gateway")

    @property
    def roots_folder(self) -> Path:
        """Where the roots of seals go when they leave the database."""
        return self.roots or self.var / "roots"

    @model_validator(mode="after")
    def refuse_unsafe_combinations(self) -> Settings:
        """Name every wrong or dangerous combination at once, so that one restart mends them all."""
        problems = [*_malformed(self), *(_unsafe_live(self) if self.mode == "live" else _unsafe_mock(self))]
        if problems:
            raise ValueError("; ".join(problems))
        return self


def _malformed(settings: Settings) -> list[str]:
    problems = []
    for name in ("database_url", "database_owner_url"):
        url = getattr(settings, name)
        if url is not None and urlsplit(url).scheme != "postgresql":
            problems.append(f"{name.upper()} must be a plain postgresql:// URL")
    if urlsplit(settings.redis_url).scheme not in ("redis", "rediss", "unix"):
        problems.append("REDIS_URL must begin with redis://, rediss:// or unix://")
    if len(settings.secret_key.get_secret_value()) < 32:
        problems.append("REF_SECRET_KEY needs at least 32 characters")
    for name in ("master_key", "lookup_key"):
        if not _is_key(getattr(settings, name).get_secret_value()):
            problems.append(f"REF_{name.upper()} must be 64 hexadecimal digits (openssl rand -hex 32)")
    return problems


def _is_key(text: str) -> bool:
    return len(text) == 64 and all(digit in "0123456789abcdefABCDEF" for digit in text)


def _unsafe_mock(settings: Settings) -> list[str]:
    problems = []
    if settings.tbank_environment == "bank-live":
        problems.append(
            "REF_TBANK_ENVIRONMENT=bank-live needs REF_MODE=live: a mock database never moves real money"
        )
    if settings.sms_environment == "live":
        problems.append(
            "REF_SMS_ENVIRONMENT=live needs REF_MODE=live: a mock instance never texts real people"
        )
    return problems


def _unsafe_live(settings: Settings) -> list[str]:
    problems = []
    if settings.tbank_environment != "bank-live":
        problems.append(f"REF_MODE=live does not admit REF_TBANK_ENVIRONMENT={settings.tbank_environment}")
    if settings.sms_environment != "live":
        problems.append("REF_MODE=live does not admit REF_SMS_ENVIRONMENT=simulator")
    if "DEMO" in settings.tbank_terminal_key + settings.tbank_payout_terminal_key:
        problems.append("REF_MODE=live does not admit a DEMO terminal")
    if urlsplit(settings.public_url).scheme != "https":
        problems.append("REF_MODE=live needs an https REF_PUBLIC_URL")
    return problems


@cache
def get() -> Settings:
    """The settings of this process. Raises `BadSettings` with one sentence a problem."""
    try:
        return Settings()  # the values come from the environment
    except ValidationError as error:
        raise BadSettings("\n".join(_sentence(problem) for problem in error.errors())) from None


def _sentence(problem: object) -> str:
    assert isinstance(problem, dict)
    place = ".".join(str(part) for part in problem["loc"])
    if not place:
        return str(problem["msg"]).removeprefix("Value error, ")
    name = place if place.isupper() else f"REF_{place.upper()}"
    return f"{name}: {problem['msg']}"
