"""Followers of a table's logs besides its replicas and indexes: streams and the expiry of items."""
