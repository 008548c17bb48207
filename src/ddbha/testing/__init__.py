"""Ways in for tests: pytest plugin, exploration, event source mapping."""
