"""A double of T-Bank: internet acquiring v2 and mass payouts by SBP, with a durable memory and a bad temper.

`python -m simulators.tbank --help` lists how it is started; `acquiring.py` and `payouts.py` hold the protocols,
`notifications.py` what the bank sends by itself, `control.py` how a test makes it misbehave.
"""
