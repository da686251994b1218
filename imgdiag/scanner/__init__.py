"""The scanner: how many bytes stand where, in the merged image or in a live container."""
