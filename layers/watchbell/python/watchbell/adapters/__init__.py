"""The only room that may name boto3, requests or a socket."""
