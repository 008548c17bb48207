"""Backups, restores, point-in-time recovery, exports, imports."""
