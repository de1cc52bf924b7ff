"""Fuzz tests that send damaged requests to the ingress, and odd answers of Discord to its client, and walk through the changes of clocks."""
