"""The ledger as it is heard, kept in files and audited."""
