"""Tests that call the library directly."""
