"""Waits for the pings of a job. The results come from the pings' own function."""

from watchbell import N_
from watchbell.checks import Check

check = Check("heartbeat", N_("Pings of a job"), runs=False)
