"""Replicas of a table in other regions."""
