"""Simulation of the scalable chip: its nodes and its backbone are Verilated apart and joined."""
