"""Follows an alarm of CloudWatch. The results come from its events."""

from watchbell import N_
from watchbell.checks import Check

check = Check("cloudwatch_alarm", N_("CloudWatch alarm"), runs=False)
