"""The status domain, pure: what a source says, how it is shown, what a digest tells."""
