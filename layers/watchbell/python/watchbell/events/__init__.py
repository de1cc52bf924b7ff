"""One file = one Discord webhook event."""
