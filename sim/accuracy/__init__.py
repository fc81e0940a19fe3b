"""Accuracy against timesteps (TW-SNN fig. 10) and the cost of quantisation (fig. 11)."""
