"""Fuzz tests: damaged requests to the ingress, odd answers of Discord, and all changes of clocks."""
