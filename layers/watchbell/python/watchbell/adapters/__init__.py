"""Access to the outside world. Only this room may import an SDK, an HTTP client or a socket."""
