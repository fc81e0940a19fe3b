"""Neurons that a network can do without, removed exactly."""
