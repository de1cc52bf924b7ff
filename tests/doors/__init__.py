"""Tests of what each Lambda does, against AWS on loopback."""
