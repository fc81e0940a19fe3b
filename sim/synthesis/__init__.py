"""A chip, router or node mapped to standard cells, counted and timed."""
