"""A component's custom id carries its full address and state: `feature:handler:value:value`, at most 100 characters.

So a sandbox of any age can serve any button, and nothing is kept in memory between the two.
"""

LIMIT = 100


def encode(feature: str, handler: str, values: list[str]) -> str:
    """The custom id for these; raises ValueError past 100 characters."""
    custom_id = ":".join([feature, handler, *(value.replace("%", "%25").replace(":", "%3A") for value in values)])
    if len(custom_id) > LIMIT:
        raise ValueError(f"the custom id of {feature}:{handler} would be {len(custom_id)} characters; at most {LIMIT}")
    return custom_id


def decode(custom_id: str) -> tuple[str, str, list[str]]:
    """Feature, handler and values; empty strings where there is no such part. Trusts nothing: anybody can forge one."""
    feature, _, rest = custom_id.partition(":")
    handler, *values = rest.split(":")
    return feature, handler, [value.replace("%3A", ":").replace("%25", "%") for value in values]
