"""One file is one timed job."""
