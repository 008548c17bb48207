"""How a table is defined: built, described, its settings turned on and off, for all wings that do so."""
