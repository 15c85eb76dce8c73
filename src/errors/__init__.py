"""Errors that clients can get, by status; those of the HTTP protocol are in `src.server.errors`."""
