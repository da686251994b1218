"""Tests that need a container engine; they make their own images, so they need no registry."""
