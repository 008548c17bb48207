"""A whole world in one file: a ZIP archive of JSON and JSON Lines, described in docs/world-file.md."""
