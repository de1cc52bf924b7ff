"""One file is one Discord webhook event."""
