"""Exit codes that others rely on: 2 for wrong use, 3 for the environment."""

from pathlib import Path

import pytest

from tests.walk.test_walk import ref


def test_help_lists_every_command() -> None:
    helped = ref("--help")
    assert helped.returncode == 0
    for name in ("up", "migrate", "demo", "walk", "check", "import", "staff", "bench"):
        assert f"  {name}" in helped.stdout


@pytest.mark.parametrize(
    "arguments", [["dance"], ["bench", "dancing"], ["import", "establishments", "no-such-file"]]
)
def test_wrong_use_is_2(arguments: list[str], tmp_path: object) -> None:
    servers = {"DATABASE_URL": "postgresql://x", "REDIS_URL": "redis://x"}
    assert ref(*arguments, **servers).returncode == 2


@pytest.mark.parametrize("given", [{"DATABASE_URL": "postgresql://x/y"}, {"REDIS_URL": "redis://x"}])
def test_one_server_named_without_the_other_is_3(given: dict[str, str]) -> None:
    refused = ref("check", **given)
    assert refused.returncode == 3
    assert "Set both" in refused.stderr


def test_settings_that_are_missing_are_3_and_all_named(tmp_path: Path) -> None:
    refused = ref("check", DATABASE_URL="postgresql://x/y", REDIS_URL="redis://x", REF_VAR=str(tmp_path))
    assert refused.returncode == 3
    for name in ("REF_SECRET_KEY", "REF_MASTER_KEY", "REF_LOOKUP_KEY"):
        assert name in refused.stderr


def test_settings_that_are_wrong_are_3_and_all_named() -> None:
    keys = {"REF_MASTER_KEY": "a" * 64, "REF_LOOKUP_KEY": "nonsense", "REF_SECRET_KEY": "short"}
    keys |= {
        "REF_SEAL_KEY": "seal.pem",
        "REF_TBANK_PAYOUT_PRIVATE_KEY": "key.pem",
        "REF_TBANK_PAYOUT_CERTIFICATE_SERIAL": "1",
    }
    refused = ref("check", DATABASE_URL="mysql://x", REDIS_URL="redis://x", **keys)
    assert refused.returncode == 3
    for name in ("DATABASE_URL", "REF_SECRET_KEY", "REF_LOOKUP_KEY"):
        assert name in refused.stderr
