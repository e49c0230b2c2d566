"""What every part of Ref stands on: database, clock, money, ids, errors, audit, outbox, permissions."""
