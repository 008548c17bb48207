"""Backups: what they hold, what plans make them, and the tables that come out of them."""
