"""Formal proofs of network, nodes and layers: properties on unmodified RTL, an SMT solver."""
