"""What is told without a click: who hears of a change, and each message exactly once."""
