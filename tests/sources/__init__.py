"""Tests of imgdiag.sources."""
