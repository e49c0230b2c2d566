"""A year of a referral programme: written from a seed, played by the verbs of the domain on the mock clock.

The script says who does what when; it knows no database. The stage does it, as doors and workers would.
"""

from erp.history.performance import perform
from erp.history.script import Place, Plan, Scene, catalogue_of
from erp.history.stage import Crew, Stage, TheBankIsAway

__all__ = ["Crew", "Place", "Plan", "Scene", "Stage", "TheBankIsAway", "catalogue_of", "perform"]
