"""The status domain, without I/O: the reports of sources, how they are shown, and the daily digest."""
