"""Watchbell whole on one machine: its own functions, AWS by moto, and a simulated Discord."""
