"""The people and the programme of the tests of commissions; the books are sound at the end."""

from tests.commissions.conftest import alice, bob, sound, superapp

__all__ = ["alice", "bob", "sound", "superapp"]
