"""Formal proofs of the network's blocks: properties on unmodified RTL, Yosys and an SMT solver."""
