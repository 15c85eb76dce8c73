"""The documentation: pages that people write, pages that are generated, and the site that is built of both."""
