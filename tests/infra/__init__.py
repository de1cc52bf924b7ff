"""Tests of the CDK stack and its template."""
