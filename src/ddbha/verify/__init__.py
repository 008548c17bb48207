"""The checker: what must hold in a world whatever failed in it.

`invariants` looks at what the replicas hold, `histories` at what clients were told, `counts` at answers
that do not say of which items they speak; `linearizability` is the search behind the second, and works on
any history that is written down.  `records` keeps what was written while a history was recorded;
`logged` compares it with what was asked for, and `durability`, `conflicts`, `streams`, `expiry` and
`restores` with what came of it.  What requests mean is read by `terms`, `asked`, `statements` and
`pages`, and evaluated by `expressions`: none of it is the engine's.
"""
