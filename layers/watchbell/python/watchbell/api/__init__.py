"""The names that a feature file can import from `watchbell`, grouped by their cost in a cold start."""
