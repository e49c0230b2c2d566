"""Colleagues at their desks and an office to look at, as the tests of pages have them."""

from tests.pages.conftest import desk, ground, office, opened  # noqa: F401  # fixtures
