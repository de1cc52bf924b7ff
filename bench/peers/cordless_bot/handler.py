"""The same bot with cordless (https://cordless.dev), written as in its guides: an instant and a deferred command."""

import os

import boto3
from cordless import ActionRow, Button, ButtonStyle, Cordless


def release(parsed, **_):
    """Read the answer of Lambda, so that boto3 keeps the connection.

    cordless does not read it, and therefore connects again for each deferral. That would measure TLS handshakes.
    """
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
    await ctx.send("The worker answers this, and it does not run here.")


handler = bot.handler()
worker_handler = bot.worker_handler
