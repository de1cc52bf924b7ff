"""What is kept of a flow: work in several steps that several interactions continue, such as an application."""

from .data import Data

FLOWS = Data(
    "flow",
    of="own",
    key=("flow",),
    fields=("steps", "ended_by", "people", "servers"),
    about=("people",),
    servers=("servers",),
    keep=90,
    personal="a Discord user id, and what a feature put there",
)
"""The flow with a name such as `apply:GUILD:USER`. `steps` maps the name of each step to {"done": bool, "value": JSON,
"by": the id of the interaction that began it}. `ended_by` is the id of the interaction that ended the flow. `people`
and `servers` are those whose ids are in its name."""

CANCELLED = Data("cancelled_job", of="own", key=("job",), fields=("by",), about=("by",), keep=2)
"""Records that somebody cancelled a job. `job` is the id of the interaction that started it, `by` a user id."""
