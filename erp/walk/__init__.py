"""The main job played over HTTP alone: forms, JSON, the SMS inbox and the bank, as people and programs use them."""

from erp.walk.story import Failed, walk

__all__ = ["Failed", "walk"]
