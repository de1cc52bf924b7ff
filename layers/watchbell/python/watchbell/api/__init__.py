"""What a feature file can import from `watchbell`, in groups by what they cost in a cold start."""
