"""The kinds of checks, one file each."""
