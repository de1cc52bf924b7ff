"""Follows an alarm of CloudWatch. The results come from its events."""

from watchbell import N_, Check

check = Check("cloudwatch_alarm", N_("CloudWatch alarm"), runs=False)
