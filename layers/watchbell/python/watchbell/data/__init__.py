"""The tables: every row with its keys, its fields, its retention and its personal data."""
