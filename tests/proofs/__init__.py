"""Fixes, proven by numbers: both programs run on real Keras."""
