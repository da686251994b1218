"""The scanner: du over the merged image, without a container."""
