"""Generate the reference pages and build the site."""
