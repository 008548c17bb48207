"""What a test takes away: requests, zones, regions, links."""
