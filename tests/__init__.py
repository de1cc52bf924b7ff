"""The tests of Watchbell."""
