"""Tables: creating, changing, describing them, and their settings."""
