"""The laws of the code base, as tests."""
