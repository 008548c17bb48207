"""Requests as they arrive: the service model, validation, encoding."""
