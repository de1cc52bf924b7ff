"""How Discord learns of the commands: declare them, find the differences, apply them."""
