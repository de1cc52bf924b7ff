"""Damaged requests through the ingress's door."""
