"""Discord's protocol as pure code: no network, no AWS, and no imports from Watchbell except errors and i18n."""
