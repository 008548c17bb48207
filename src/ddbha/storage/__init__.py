"""Storage: records, logs, followers, item stores, replicas, partitions and tables."""
