"""A token in, an identity out: nothing here knows HTTP serving or the database."""
