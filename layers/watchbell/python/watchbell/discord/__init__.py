"""Discord's protocol, pure: no network, no AWS, nothing of ours but this room and `errors`."""
