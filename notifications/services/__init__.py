"""Every write, each in one transaction. Interfaces make one call here."""
