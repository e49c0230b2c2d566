"""The pages of RefERP, one file a noun."""
