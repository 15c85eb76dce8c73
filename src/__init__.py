"""A task-management API for the users of a Better Auth front end."""

__version__ = "0.1.0"
