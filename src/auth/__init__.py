"""Verify access tokens and return identities, independently of HTTP serving and the database."""
