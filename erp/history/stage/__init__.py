"""The stage: plays scenes by the verbs of the domain and keeps the bank's books in step."""

from erp.history.stage.bank import TheBankIsAway
from erp.history.stage.scenes import play
from erp.history.stage.stage import Crew, Stage

__all__ = ["Crew", "Stage", "TheBankIsAway", "play"]
