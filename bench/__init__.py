"""Measure how fast Watchbell is on this machine, beside other ways to do the same work."""
