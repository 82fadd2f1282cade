"""A person's pages for browsers without scripts: links, and forms answered by a redirect."""
