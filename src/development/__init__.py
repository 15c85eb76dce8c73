"""What a fresh clone needs to serve: an embedded database, settings and tokens. Production uses nothing of it."""
