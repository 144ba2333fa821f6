"""Tests of the source front end."""
