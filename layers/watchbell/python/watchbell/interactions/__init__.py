"""The way of an interaction, from the signed request to what the person sees."""
