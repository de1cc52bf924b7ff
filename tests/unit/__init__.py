"""Tests of pure code, by plain calls."""
