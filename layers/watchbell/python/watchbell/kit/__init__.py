"""The parts that features are written with: commands, events, schedules, policies, quotas, flags and options."""
