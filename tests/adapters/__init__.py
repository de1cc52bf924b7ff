"""Tests that run the adapters against servers on loopback."""
