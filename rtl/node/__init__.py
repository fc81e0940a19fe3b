"""Nodes of the scalable chip (TW-SNN sec. 4.3, fig. 8): docs/node.md says how they work."""
