"""Discord's protocol, pure: no network and no AWS. It imports only `errors` and `words` from outside this room."""
