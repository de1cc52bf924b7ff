"""How fast Watchbell is, side by side with its neighbours, on the machine at hand."""
