"""Items: reads, writes, queries, batches, transactions, PartiQL statements."""
