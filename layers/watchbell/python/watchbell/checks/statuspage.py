"""Reads a status page of statuspage.io."""

from watchbell import N_, Annotated, Length
from watchbell.checks import Check, Reason, pages

PRESETS = {
    "atlassian": "https://status.atlassian.com/",
    "bitbucket": "https://bitbucket.status.atlassian.com/",
    "circleci": "https://status.circleci.com/",
    "claude": "https://status.claude.com/",
    "cloudflare": "https://www.cloudflarestatus.com/",
    "digitalocean": "https://status.digitalocean.com/",
    "discord": "https://discordstatus.com/",
    "dropbox": "https://status.dropbox.com/",
    "github": "https://www.githubstatus.com/",
    "netlify": "https://www.netlifystatus.com/",
    "npm": "https://status.npmjs.org/",
    "openai": "https://status.openai.com/",
    "reddit": "https://www.redditstatus.com/",
    "sentry": "https://status.sentry.io/",
    "twilio": "https://status.twilio.com/",
    "vercel": "https://www.vercel-status.com/",
    "zoom": "https://www.zoomstatus.com/",
}

check = Check(
    "statuspage",
    N_("Status page (statuspage.io)"),
    target="url",
    operands=("BODY", "RESPONSE_TIME", "CONNECTED"),
    presets=PRESETS,
    example="github",
)


@check.run
def statuspage(monitor, net, *, component: Annotated[str, Length(0, 100)] = ""):
    """Read a status page of statuspage.io.

    component: The name of the only component to watch
    """
    answer = net.request(f"{monitor.target.rstrip('/')}/api/v2/summary.json")
    return answer if isinstance(answer, Reason) else pages.statuspage(answer, component)
