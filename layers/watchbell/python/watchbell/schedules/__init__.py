"""One file = one timed job."""
