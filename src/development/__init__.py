"""Support for development from a fresh clone: an embedded database, settings and tokens. Not used in production."""
