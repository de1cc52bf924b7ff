"""/ping: is the bot awake?"""

from watchbell import Command, Reply, _, anyone

command = Command("ping", "Ask the bot whether it is awake", who=anyone, instant=True, private=True, user_installs=True)


@command.run
def ping(interaction):
    return Reply(_("Pong! I am awake."), buttons=[again.button(_("Ask again"))])


@command.button
def again(interaction):
    return Reply(_("Still here."), buttons=[again.button(_("Ask again"))])
