"""The same bot with cordless (https://cordless.dev), as its guides write one: an instant command and a deferred one."""

import os

import boto3
from cordless import ActionRow, Button, ButtonStyle, Cordless


def release(parsed, **_):
    """Read what Lambda answered, so that boto3 keeps the connection. cordless leaves it unread and connects anew for
    each deferral, which would make this a measurement of TLS handshakes."""
    parsed["Payload"].read()


boto3.setup_default_session()
boto3.DEFAULT_SESSION.events.register("after-call.lambda.Invoke", release)

bot = Cordless(public_key=os.environ["DISCORD_PUBLIC_KEY"])


@bot.command("ping", description="Ask the bot whether it is awake")
async def ping(ctx):
    again = Button("Ask again", custom_id="again", style=ButtonStyle.SECONDARY)
    await ctx.send("Pong! I am awake.", ephemeral=True, components=[ActionRow([again])])


@bot.command("status", description="See how the watched services are", defer=True)
async def status(ctx, server: str = "", detailed: bool = False):
    await ctx.send("This is the worker's to say, and it is not run here.")


handler = bot.handler()
worker_handler = bot.worker_handler
