"""Attribute values: numbers, canonical form, size, order, keys and packed images."""
