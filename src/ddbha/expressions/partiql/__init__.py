"""PartiQL text to statements whose conditions and updates are the syntax tree of expressions."""
