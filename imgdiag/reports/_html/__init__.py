"""The parts of the HTML report: its data, and as files its text, style and scripts."""
