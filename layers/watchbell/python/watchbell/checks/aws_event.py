"""Follows events of AWS, such as AWS Health. The results come from EventBridge."""

from watchbell import N_
from watchbell.checks import Check

check = Check("aws_event", N_("Event of AWS"), runs=False)
