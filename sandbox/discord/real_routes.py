"""The routes that Discord has, whether they are simulated or not, so that nothing real is answered with 404 or 405."""

from __future__ import annotations

import re

_ROUTES = """
GET PATCH /applications/@me
GET PATCH /applications/{}
GET /applications/{}/activity-instances/{}
POST /applications/{}/attachment
GET POST PUT /applications/{}/commands
GET PATCH DELETE /applications/{}/commands/{}
GET POST /applications/{}/emojis
GET PATCH DELETE /applications/{}/emojis/{}
GET POST /applications/{}/entitlements
GET DELETE /applications/{}/entitlements/{}
POST /applications/{}/entitlements/{}/consume
GET POST PUT /applications/{}/guilds/{}/commands
GET /applications/{}/guilds/{}/commands/permissions
GET PATCH DELETE /applications/{}/guilds/{}/commands/{}
GET PUT /applications/{}/guilds/{}/commands/{}/permissions
GET PUT /applications/{}/role-connections/metadata
GET PATCH DELETE /channels/{}
POST /channels/{}/followers
GET POST /channels/{}/invites
GET POST /channels/{}/messages
POST /channels/{}/messages/bulk-delete
GET /channels/{}/messages/pins
PUT DELETE /channels/{}/messages/pins/{}
GET PATCH DELETE /channels/{}/messages/{}
POST /channels/{}/messages/{}/crosspost
DELETE /channels/{}/messages/{}/reactions
GET DELETE /channels/{}/messages/{}/reactions/{}
PUT DELETE /channels/{}/messages/{}/reactions/{}/@me
DELETE /channels/{}/messages/{}/reactions/{}/{}
POST /channels/{}/messages/{}/threads
PUT DELETE /channels/{}/permissions/{}
GET /channels/{}/pins
PUT DELETE /channels/{}/pins/{}
GET /channels/{}/polls/{}/answers/{}
POST /channels/{}/polls/{}/expire
PUT DELETE /channels/{}/recipients/{}
POST /channels/{}/send-soundboard-sound
GET /channels/{}/thread-members
PUT DELETE /channels/{}/thread-members/@me
GET PUT DELETE /channels/{}/thread-members/{}
POST /channels/{}/threads
GET /channels/{}/threads/archived/private
GET /channels/{}/threads/archived/public
GET /channels/{}/threads/search
POST /channels/{}/typing
GET /channels/{}/users/@me/threads/archived/private
PUT /channels/{}/voice-status
GET POST /channels/{}/webhooks
GET /gateway
GET /gateway/bot
GET /guilds/templates/{}
GET PATCH /guilds/{}
GET /guilds/{}/audit-logs
GET POST /guilds/{}/auto-moderation/rules
GET PATCH DELETE /guilds/{}/auto-moderation/rules/{}
GET /guilds/{}/bans
GET PUT DELETE /guilds/{}/bans/{}
POST /guilds/{}/bulk-ban
GET POST PATCH /guilds/{}/channels
GET POST /guilds/{}/emojis
GET PATCH DELETE /guilds/{}/emojis/{}
PUT /guilds/{}/incident-actions
GET /guilds/{}/integrations
DELETE /guilds/{}/integrations/{}
GET /guilds/{}/invites
GET /guilds/{}/members
PATCH /guilds/{}/members/@me
GET /guilds/{}/members/search
GET PUT PATCH DELETE /guilds/{}/members/{}
PUT DELETE /guilds/{}/members/{}/roles/{}
GET /guilds/{}/messages/search
GET /guilds/{}/new-member-welcome
GET PUT /guilds/{}/onboarding
GET /guilds/{}/preview
GET POST /guilds/{}/prune
GET /guilds/{}/regions
GET /guilds/{}/requests
PATCH /guilds/{}/requests/{}
GET POST PATCH /guilds/{}/roles
GET /guilds/{}/roles/member-counts
GET PATCH DELETE /guilds/{}/roles/{}
GET POST /guilds/{}/scheduled-events
GET PATCH DELETE /guilds/{}/scheduled-events/{}
POST /guilds/{}/scheduled-events/{}/exceptions
PATCH DELETE /guilds/{}/scheduled-events/{}/exceptions/{}
GET /guilds/{}/scheduled-events/{}/users
GET /guilds/{}/scheduled-events/{}/users/counts
GET /guilds/{}/scheduled-events/{}/{}/users
GET POST /guilds/{}/soundboard-sounds
GET PATCH DELETE /guilds/{}/soundboard-sounds/{}
GET POST /guilds/{}/stickers
GET PATCH DELETE /guilds/{}/stickers/{}
GET POST /guilds/{}/templates
PUT PATCH DELETE /guilds/{}/templates/{}
GET /guilds/{}/threads/active
GET /guilds/{}/vanity-url
GET PATCH /guilds/{}/voice-states/@me
GET PATCH /guilds/{}/voice-states/{}
GET /guilds/{}/webhooks
GET PATCH /guilds/{}/welcome-screen
GET PATCH /guilds/{}/widget
GET /guilds/{}/widget.json
GET /guilds/{}/widget.png
POST /interactions/{}/{}/callback
GET DELETE /invites/{}
GET PUT /invites/{}/target-users
GET /invites/{}/target-users/job-status
POST PUT /lobbies
GET PATCH DELETE /lobbies/{}
PATCH /lobbies/{}/channel-linking
DELETE /lobbies/{}/members/@me
POST /lobbies/{}/members/@me/invites
POST /lobbies/{}/members/bulk
PUT DELETE /lobbies/{}/members/{}
POST /lobbies/{}/members/{}/invites
GET POST /lobbies/{}/messages
PUT /lobbies/{}/messages/{}/moderation-metadata
GET /oauth2/@me
GET /oauth2/applications/@me
GET /oauth2/keys
GET /oauth2/userinfo
PUT /partner-sdk/dms/{}/{}/messages/{}/moderation-metadata
POST /partner-sdk/provisional-accounts/unmerge
POST /partner-sdk/provisional-accounts/unmerge/bot
POST /partner-sdk/token
POST /partner-sdk/token/bot
GET /skus/{}/subscriptions
GET /skus/{}/subscriptions/{}
GET /soundboard-default-sounds
POST /stage-instances
GET PATCH DELETE /stage-instances/{}
GET /sticker-packs
GET /sticker-packs/{}
GET /stickers/{}
GET PATCH /users/@me
GET /users/@me/applications/{}/entitlements
GET PUT DELETE /users/@me/applications/{}/role-connection
POST /users/@me/channels
GET /users/@me/connections
GET /users/@me/guilds
DELETE /users/@me/guilds/{}
GET /users/@me/guilds/{}/member
GET /users/{}
GET /voice/regions
GET PATCH DELETE /webhooks/{}
GET POST PATCH DELETE /webhooks/{}/{}
POST /webhooks/{}/{}/github
GET PATCH DELETE /webhooks/{}/{}/messages/@original
GET PATCH DELETE /webhooks/{}/{}/messages/{}
POST /webhooks/{}/{}/slack
"""


def _read(line: str) -> tuple[str, re.Pattern[str], frozenset[str]]:
    *methods, shape = line.split()
    return shape, re.compile(re.escape(shape).replace(r"\{\}", "[^/]+")), frozenset(methods)


REAL = sorted(map(_read, _ROUTES.split("\n")[1:-1]), key=lambda route: route[0].count("{}"))
"""The shape of each path, a pattern for it, and its methods. The most literal ones come first."""


def find(path: str) -> tuple[str, frozenset[str]]:
    """The shape of a path, such as "/channels/{}", and its methods. Discord has no such path if both are empty."""
    return next(((shape, methods) for shape, pattern, methods in REAL if pattern.fullmatch(path)), ("", frozenset()))
