"""The disturbed run: the same load played twice, once with kills and wipes, ends with equal ledgers."""
