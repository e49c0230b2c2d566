"""Papers: a statement as a file that people keep, in the reader's language, for both doors."""

from erp.papers import words
from erp.papers.statement import FORMATS, Paper, said, statement

__all__ = ["FORMATS", "Paper", "said", "statement", "words"]
