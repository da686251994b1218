"""The system's own packages: one file for each package manager whose records are read."""
