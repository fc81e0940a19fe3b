"""A run as one HTML file to look at, which needs no network and no server."""
