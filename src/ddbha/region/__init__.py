"""What a region holds: the environment of all regions, a region, a table."""
