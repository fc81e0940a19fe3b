"""How fast everything is that runs a network here, from one run on the user's own machine."""
