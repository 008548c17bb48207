"""Reading streams, and Kinesis destinations."""
