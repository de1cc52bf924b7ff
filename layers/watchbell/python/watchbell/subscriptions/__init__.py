"""Who hears of what: subscriptions, and what each recipient has been told. Pure."""
