"""The outside world. Only this room may name an SDK, an HTTP client or a socket."""
