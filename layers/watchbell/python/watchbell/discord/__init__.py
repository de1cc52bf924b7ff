"""Discord's protocol, pure: no network, no AWS, and nothing of ours but errors and i18n."""
