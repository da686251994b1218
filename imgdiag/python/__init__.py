"""What of an image is Python: environments, distributions, their bytes and their reasons."""
