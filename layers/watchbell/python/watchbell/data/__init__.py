"""The tables: every row with its keys and fields, how long it is kept, and whether it is personal."""
