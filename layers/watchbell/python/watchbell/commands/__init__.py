"""One file is one slash command or context menu, with its buttons and forms."""
