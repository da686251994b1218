"""Tests of imgdiag.layers."""
