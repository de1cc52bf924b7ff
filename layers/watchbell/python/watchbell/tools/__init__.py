"""What a running feature is handed of the outside world, and which function is given what."""
