"""`python -m imgdiag`."""

from imgdiag.cli import main

main()
