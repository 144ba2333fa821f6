"""Tests of the checks on graphs that are built by hand."""
