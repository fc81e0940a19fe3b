"""Formal proofs of the network and its nodes: properties on unmodified RTL, an SMT solver."""
