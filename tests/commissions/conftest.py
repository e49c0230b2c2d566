"""Whatever a test of commissions did, the books are sound at its end."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest

from tests.support.earnings import agent, broken, programme


@pytest.fixture(autouse=True)
def sound(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every invariant holds after every test that has books."""
    has_books = "context" in request.fixturenames
    if has_books:
        request.getfixturevalue("context")
    yield
    if has_books:
        assert broken() == []


@pytest.fixture
def superapp(context: None) -> UUID:
    """5 % of every payment; 7 % from 2 connections in 90 days, 10 % from 4; held for 14 days."""
    return programme((0, 500), (2, 700), (4, 1000))


@pytest.fixture
def alice(superapp: UUID) -> UUID:
    return agent()


@pytest.fixture
def bob(superapp: UUID) -> UUID:
    return agent()
