"""What lies beside an image: its Dockerfile and the project that it is built from."""
