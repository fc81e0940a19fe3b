"""Inputs and hidden neurons dealt out to lanes."""
