"""What happened: timeline, metrics, history, overview."""
