"""Fuzz tests that send damaged requests to the ingress."""
