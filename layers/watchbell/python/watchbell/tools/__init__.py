"""The tools that a running feature gets to reach the outside world, and which function has which of them."""
