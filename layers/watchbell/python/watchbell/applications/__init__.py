"""Pure: applications of people to a server. State and input give new state and effects; nothing here does I/O."""
