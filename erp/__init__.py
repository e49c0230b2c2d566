"""Ref: the owner's side of a referral programme (RefERP), its domain, jobs and gateways."""
