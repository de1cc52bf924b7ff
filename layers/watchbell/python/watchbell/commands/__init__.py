"""One file = one slash command with its buttons."""
