"""What requests cost, what tables may consume, and how that grows."""
