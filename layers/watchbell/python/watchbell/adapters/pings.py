"""Writes pings into their rows. The heartbeat function imports this on a cold start."""

from ..data.tables import PING
from ..status.ping import Ping, change
from .dynamodb import ConditionFailed, Table


class Pings:
    """The rows of pings in `table`. The connection is opened in the background at once."""

    def __init__(self, table: str) -> None:
        self._table = Table(table, ahead=True)

    def write(self, uuid: str, ping: Ping, body: str) -> bool:
        """Write the ping into the row of its URL. Return False if there is no row, so no monitor has the URL.

        Raises Unavailable if it could not be written, and Unsure if it may have been. It may have been written twice,
        which does no harm: `status.ping.pings` reads equal pings as one.
        """
        expression, values = change(ping, body)
        try:
            self._table.update(PING.item_key(uuid), expression, values, condition="attribute_exists(pk)")
        except ConditionFailed:
            return False
        return True
