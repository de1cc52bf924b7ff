"""People watch services: whole stories, from `/monitor add` to the alert in their channel and what it says later."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from sandbox.discord import render
from sandbox.discord.permissions import READ_MESSAGE_HISTORY, SEND_MESSAGES
from sandbox.discord.world import Channel
from sandbox.testing import Actor, Block, Shown, bot

pytestmark = pytest.mark.xdist_group("watching")

Json = dict[str, Any]
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # loopback needs no proxy


class Watch:
    """A server with a status channel, and Ada, who runs it."""

    def __init__(self, discord: Block) -> None:
        self.discord = discord
        self.ada: Actor = discord.person("ada", permissions="MANAGE_GUILD")
        self.channel: Channel = discord.simulated.channel("alerts")
        self.tell_in(self.channel)
        self._seen = {message["id"] for message in self._messages()}
        self._names: list[str] = []

    def tell_in(self, channel: Channel) -> None:
        shown = self.ada.choose(self.ada.run("setup"), "Change a setting", "status_channel")
        self.ada.choose(shown, "Choose a channel", channel)
        self.channel = channel

    def add(self, name: str, **form: str) -> Shown:
        self._names.append(name)
        return self.ada.submit(self.ada.run("monitor add"), **{"name": name, "often": "1", **form})

    def change(self, name: str, button: str, **form: str) -> Shown:
        """Change a monitor by one of the forms of its card. The other fields stay as they are."""
        form_shown = self.ada.press(self.ada.run("monitor edit", monitor=name), button)
        return self.ada.submit(form_shown, **form)

    def minutes(self, minutes: int) -> None:
        self.discord.turn(minutes=minutes)

    def told(self) -> list[str]:
        """The messages that are new in the channel, as people read them."""
        new = [message for message in self._messages() if message["id"] not in self._seen]
        self._seen |= {message["id"] for message in new}
        return [render(message) for message in new]

    def message(self) -> Json:
        """The newest message in the channel."""
        return self._messages()[-1]

    def forget(self) -> None:
        for name in self._names:
            self.ada.press(self.ada.run("monitor remove", monitor=name), "Remove")
        shown = self.ada.choose(self.ada.run("setup"), "Change a setting", "status_channel")
        self.ada.press(shown, "Reset")

    def _messages(self) -> list[Json]:
        return list(self.discord.simulated.state.world.in_channel(self.channel.id))


@contextmanager
def watching() -> Iterator[tuple[Block, Watch]]:
    """A block that forgets its monitors at the end: the blocks share a server."""
    with bot() as discord:
        watch = Watch(discord)
        yield discord, watch
        watch.forget()


def head(told: str, lines: int = 1) -> str:
    return "\n".join(told.splitlines()[:lines])


def first_lines(told: list[str]) -> list[str]:
    return [head(text) for text in told]


def test_an_outage_is_told_once_and_its_end_edits_the_alert_and_answers_it() -> None:
    with watching() as (discord, watch):
        shop, ada = discord.target("shop"), watch.ada
        assert "⏳ Shop is not checked yet" in watch.add("Shop", address=shop.url, group="Web").text
        watch.minutes(3)
        assert ada.run("status").text.splitlines()[0] == "│ ### ✅ Shop is up"
        shop.set("500")
        watch.minutes(2)
        assert watch.told() == []
        watch.minutes(2)
        alert = watch.message()
        (told,) = watch.told()
        assert told.splitlines()[0] == "🔴 Shop is down: it answered HTTP 500 instead of 200."
        assert told.splitlines()[-1] == "[Acknowledge] [Details]"
        assert "Web · checked every minute · " in told

        details = discord.person("bob").press(alert, "Details")
        assert (details.private, details.text.splitlines()[0]) == (True, "│ ### 🔴 Shop is down")
        assert "Uptime " in details.text

        shop.set("up")
        watch.minutes(3)
        (told,) = watch.told()
        assert re.fullmatch(r"↪ ✅ Shop was down for \d.min\.\n✅ Shop is up again, after \d.min\.", head(told, 2))
        assert watch.message()["referenced_message"]["id"] == alert["id"]
        assert "From: " in render(watch.message()["referenced_message"])
        watch.minutes(5)
        assert watch.told() == []


def test_people_see_how_everything_is_and_one_monitor_in_detail() -> None:
    with watching() as (discord, watch):
        ada, mail = watch.ada, discord.target("mail")
        for number in range(7):
            watch.add(f"Site {number}", address=f"{discord.target('site').url}{number}", group="Sites")
        watch.add("Mail", address=mail.tcp, kind="tcp")
        mail.set("down")
        watch.minutes(4)
        shown = ada.run("status")
        assert shown.text.splitlines()[:2] == ["│ ### 🔴 1 of 8 monitors is down", "│ 1 down · 7 up"]
        assert "│ 🔴 Mail is down" in shown.text
        assert "7 are up: Site 0, Site 1, " in shown.text
        assert ada.run("status", monitor="Sites").text.splitlines()[:1] == ["│ ### ✅ All 7 monitors are up"]
        mail.set("up")
        watch.minutes(3)
        assert "All 8 monitors are up" in ada.press(shown, "Refresh").text
        one = ada.choose(shown, "Show one monitor", next(iter(options(shown, "Mail"))))
        assert (one.text.splitlines()[0], "Uptime " in one.text) == ("│ ### ✅ Mail is up", True)
        assert "Uptime " in ada.run("status", monitor="mail", detailed=True).text
        assert ada.press(one, "Simple").text.splitlines()[0] == "│ ### ✅ Mail is up"
        assert "1, down for " in ada.run("uptime", monitor="Mail", window="day").text

        listed = ada.run("monitor list")
        assert "1 to 6 of 8" in listed.text
        assert "7 to 8 of 8" in ada.press(listed, "Next").text
        assert ada.autocomplete("status", "monitor", "si") == [*(f"Site {number}" for number in range(7)), "Sites"]


def test_a_server_without_monitors_and_plans_is_told_what_it_can_do() -> None:
    with watching() as (_discord, watch):
        listed = watch.ada.run("monitor list")
        assert "Nothing is watched in this server yet." in listed.text
        assert watch.ada.press(listed, "Add a monitor").modal["title"] == "Watch a service"
        assert watch.ada.run("maintenance list").text.splitlines()[0] == "No maintenance is planned."


def options(shown: Shown, label: str) -> list[str]:
    """The values of the options with that label."""
    rows = [row for part in shown.message["components"] for row in part.get("components", [])]
    selects = [each for row in rows for each in row.get("components", []) if "options" in each]
    return [option["value"] for select in selects for option in select["options"] if option["label"] == label]


def test_a_paused_monitor_is_not_asked_and_a_resumed_one_is_new() -> None:
    with watching() as (discord, watch):
        shop, ada = discord.target("paused"), watch.ada
        watch.add("Shop", address=shop.url)
        watch.minutes(3)
        assert "is paused" in ada.run("monitor pause", monitor="Shop").text
        asked = shop.asked
        shop.set("500")
        watch.minutes(5)
        assert (shop.asked, watch.told()) == (asked, [])
        assert "⏸️ Shop is paused" in ada.run("status").text
        ada.run("monitor resume", monitor="Shop")
        watch.minutes(4)
        assert first_lines(watch.told()) == ["🔴 Shop is down: it answered HTTP 500 instead of 200."]


def test_maintenance_holds_bad_news_back_until_it_is_over() -> None:
    with watching() as (discord, watch):
        shop, ada = discord.target("kept"), watch.ada
        watch.add("Shop", address=shop.url)
        watch.minutes(3)
        planned = ada.run(
            "maintenance add", start=when(discord, 60), duration="10m", what="Shop", title="New database", announce=0
        )
        assert "🔧 New database " in planned.text
        watch.minutes(2)
        shop.set("500")
        watch.minutes(5)
        assert watch.told() == []
        assert "🔧 Shop is in maintenance" in ada.run("status").text
        watch.minutes(6)
        assert first_lines(watch.told()) == ["🔴 Shop is down: it answered HTTP 500 instead of 200."]


def when(discord: Block, seconds: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(discord.sandbox.clock.now() + seconds, UTC).strftime("%Y-%m-%d %H:%M")


def test_a_parent_that_is_down_holds_the_alerts_of_its_children_back() -> None:
    with watching() as (discord, watch):
        router, shop = discord.target("router"), discord.target("child")
        watch.add("Router", address=router.url)
        watch.add("Shop", address=shop.url)
        watch.change("Shop", "When it changes", parent="Router")
        watch.minutes(3)
        router.set("500")
        watch.minutes(1)
        shop.set("500")
        watch.minutes(5)
        assert first_lines(watch.told()) == ["🔴 Router is down: it answered HTTP 500 instead of 200."]
        router.set("up")
        watch.minutes(6)
        up, down = sorted(watch.told())  # the one that answers an alert comes first
        assert "✅ Router is up again, after " in up
        assert head(down) == "🔴 Shop is down: it answered HTTP 500 instead of 200."


def ping(url: str, body: bytes | None = None) -> int:
    try:
        with DIRECT.open(urllib.request.Request(url, body), timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def url_of(shown: Shown) -> str:
    return next(line for line in shown.text.splitlines() if "/ping/" in line).split("`")[1]


def test_a_job_pings_its_heartbeat_and_is_missed_when_it_does_not() -> None:
    with watching() as (_discord, watch):
        card = watch.add("Backup", kind="heartbeat")
        assert card.private
        url = url_of(card)
        watch.change("Backup", "What counts as up", options="period: 5m\ngrace: 1m")
        assert ping(url) == 200
        watch.minutes(2)
        assert "✅ Backup is up" in watch.ada.run("status").text
        watch.minutes(6)
        assert len(watch.told()) == 1
        assert "🔴 Backup is down" in watch.ada.run("status").text
        assert ping(url) == 200
        watch.minutes(1)
        assert "✅ Backup is up again, after " in watch.told()[0]
        assert ping(f"{url}/3", b"the disk is full") == 200
        watch.minutes(1)
        (told,) = watch.told()
        assert "🔴 Backup is down: it " in told
        assert ping(url_of(watch.ada.press(watch.ada.run("monitor show", monitor="Backup"), "New URL"))) == 200
        assert ping(url) == 404


def alarm(name: str, state: str) -> Json:
    return {
        "source": "aws.cloudwatch",
        "detail-type": "CloudWatch Alarm State Change",
        "detail": {"alarmName": name, "state": {"value": state, "reason": "Threshold Crossed: 12 errors"}},
    }


def test_an_alarm_of_cloudwatch_is_told_in_the_channel() -> None:
    with watching() as (discord, watch):
        watch.add("Checkout", address="checkout-5xx", kind="cloudwatch_alarm")
        discord.aws_event(alarm("checkout-5xx", "OK"))
        watch.minutes(2)
        discord.aws_event(alarm("checkout-5xx", "ALARM"))
        discord.aws_event(alarm("another", "ALARM"))
        watch.minutes(2)
        (told,) = watch.told()
        assert told.startswith("🔴 Checkout is down: ")
        assert "Threshold Crossed: 12 errors" in told
        discord.aws_event(alarm("checkout-5xx", "OK"))
        watch.minutes(2)
        assert "✅ Checkout is up again" in watch.told()[0]


def test_a_test_alert_goes_the_way_of_a_real_one_and_says_that_it_is_a_test() -> None:
    with watching() as (discord, watch):
        watch.add("Shop", address=discord.target("shop").url)
        watch.minutes(3)
        watch.ada.run("monitor test-alert", monitor="Shop")
        assert first_lines(watch.told()) == ["This is a test. 🔴 Shop is down."]
        watch.minutes(3)
        assert watch.told() == []
        assert "✅ Shop is up" in watch.ada.run("status").text


def test_a_check_that_finds_garbage_is_an_outage_and_every_other_monitor_goes_on() -> None:
    with watching() as (discord, watch):
        ways = ("nonsense", "expired-certificate")
        for way in ways:
            odd = discord.target(way)
            odd.set(way)
            watch.add(way, address=odd.https if way == "expired-certificate" else odd.url)
        shop = discord.target("shop")
        watch.add("Shop", address=shop.url)
        asked = shop.asked
        watch.minutes(4)
        assert shop.asked >= asked + 3
        assert "1 is up: Shop" in watch.ada.run("status").text
        assert first_lines(watch.told()) == ["🔴 2 monitors are down: expired-certificate, nonsense."]


# ---- when Discord does not do what it should


def test_an_alert_is_told_once_when_discord_is_back() -> None:
    with watching() as (discord, watch):
        shop = discord.target("away")
        watch.add("Shop", address=shop.url)
        watch.minutes(3)
        shop.set("500")
        with discord.away():
            watch.minutes(4)
        watch.minutes(5)
        assert first_lines(watch.told()) == ["🔴 Shop is down: it answered HTTP 500 instead of 200."]


def test_a_recovery_is_told_though_the_bot_may_no_longer_read_the_history() -> None:
    with watching() as (discord, watch):
        shop = discord.target("history")
        watch.add("Shop", address=shop.url)
        watch.minutes(3)
        shop.set("500")
        watch.minutes(4)
        assert len(watch.told()) == 1
        discord.simulated.overwrite(watch.channel, discord.simulated.home, deny=READ_MESSAGE_HISTORY)
        shop.set("up")
        watch.minutes(3)
        (told,) = watch.told()
        assert "✅ Shop is up again, after " in told
        assert "↪" not in told
        discord.simulated.overwrite(watch.channel, discord.simulated.home)
        discord.simulated.faults.clear()


def test_a_channel_in_which_the_bot_cannot_post_stops_no_other_news_and_is_told_to_the_owner() -> None:
    why = "I lack Send Messages, Embed Links there."
    with watching() as (discord, watch):
        world = discord.simulated.state.world
        shop, owners = discord.target("gone"), world.dm(discord.simulated.home.owner_id)
        before = len(list(world.in_channel(owners.id)))
        watch.add("Shop", address=shop.url)
        watch.minutes(3)
        shop.set("500")
        watch.minutes(4)
        assert len(watch.told()) == 1
        discord.simulated.overwrite(watch.channel, discord.simulated.home, deny=SEND_MESSAGES)
        shop.set("up")
        watch.minutes(3)
        assert "✅ Shop is up" in watch.ada.run("status").text
        assert why in watch.ada.run("monitor list").text
        assert why in watch.ada.run("setup").text
        shop.set("500")
        watch.minutes(4)
        (told,) = list(world.in_channel(owners.id))[before:]
        assert "do not arrive." in render(told)
        assert why in render(told)
        discord.simulated.overwrite(watch.channel, discord.simulated.home)
        shop.set("up")
        watch.minutes(3)
        discord.simulated.faults.clear()
        watch.told()
        watch.tell_in(discord.simulated.channel("other alerts"))
        assert why not in watch.ada.run("monitor list").text
        shop.set("500")
        watch.minutes(4)
        assert first_lines(watch.told()) == ["🔴 Shop is down: it answered HTTP 500 instead of 200."]


def test_a_webhook_of_a_forum_gets_a_post_for_each_outage_until_somebody_deletes_it() -> None:
    with watching() as (discord, watch):
        world, shop = discord.simulated.state.world, discord.target("posted")
        owners = world.dm(discord.simulated.home.owner_id)
        url = discord.simulated.webhook("outages", forum=True)
        told_before = len(list(world.in_channel(owners.id)))
        form = watch.ada.run("webhook add")
        assert "does not know this webhook" in watch.ada.submit(form, name="status", url=f"{url}x", post="Outages").text
        shown = watch.ada.submit(watch.ada.run("webhook add"), name="status", url=url, post="Outages")
        token = url.rpartition("/")[2]
        assert "I know the webhook status." in shown.text.replace("`", "")
        watch.ada.run("subscribe", webhook="status", wording="{icon} {monitor}: {state}")
        watch.add("Shop", address=shop.url)
        watch.minutes(2)
        shop.set("500")
        watch.minutes(4)
        (post,) = discord.simulated.threads("outages")
        assert post.name == "Outages"
        (opening,) = discord.simulated.messages(post)
        assert (opening["content"], opening["components"]) == ("🔴 **Shop**: down", [])
        shop.set("up")
        watch.minutes(4)
        opening, recovery = discord.simulated.messages(post)
        assert [opening["content"], recovery["content"]] == ["✅ **Shop**: up"] * 2
        assert opening["edited_timestamp"]

        del world.webhooks[url.split("/")[-2]]
        shop.set("500")
        watch.minutes(6)
        assert len(discord.simulated.threads("outages")) == 1
        (notice,) = list(world.in_channel(owners.id))[told_before:]
        assert "Discord has not known the webhook `status`" in notice["embeds"][0]["description"]
        assert "retired: set its URL again" in watch.ada.run("webhook list").text
        assert len(watch.told()) == 3  # the status channel has heard of all
        assert token not in discord.story()
        watch.ada.run("webhook remove", name="status")
