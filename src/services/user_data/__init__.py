"""Export, erase and move all data of a user. Run by the operator, never by a request (ADR 0061)."""
