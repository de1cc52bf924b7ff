"""Tests of each function's handler, against AWS on loopback."""
