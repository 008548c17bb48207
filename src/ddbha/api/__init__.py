"""Operations: wire request in, wire response out; one module for each family."""
