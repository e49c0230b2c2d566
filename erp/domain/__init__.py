"""The rules of the referral programme, one folder a word; knows no HTTP, no HTML and no vendor."""
