"""Colleagues at their desks and an office to look at, as the tests of pages have them."""

from tests.pages.conftest import desk, office  # noqa: F401  # fixtures
