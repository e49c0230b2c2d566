"""The Token of our requests and of the bank's news, by the bank's worked examples."""

import pytest

from erp.gateways.tbank import token
from tests.simulators.vectors import TOKENS


@pytest.mark.parametrize(("fields", "password", "expected"), TOKENS.values(), ids=TOKENS)
def test_the_token_is_the_published_one(fields, password, expected):
    assert token.make(fields, password) == expected
    assert token.verify({**fields, "Token": expected}, password)
    assert token.verify({**fields, "Token": expected.upper()}, password)


@pytest.mark.parametrize(("fields", "password", "expected"), TOKENS.values(), ids=TOKENS)
def test_any_other_token_is_wrong(fields, password, expected):
    assert not token.verify(fields, password)
    assert not token.verify({**fields, "Token": None}, password)
    assert not token.verify({**fields, "Token": "Ж" * 64}, password)
    assert not token.verify({**fields, "Token": expected, "Added": 1}, password)
    assert not token.verify({**fields, "Token": expected}, password + "x")


def test_nulls_lists_and_objects_are_not_signed():
    plain = {"A": 1, "B": "two"}
    assert token.make({**plain, "N": None, "L": [1], "O": {"x": 1}}, "p") == token.make(plain, "p")
