"""What a feature is written with: commands, events, schedules, policies, quotas, flags and options."""
