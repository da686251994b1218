"""All that is known of an image before it is judged."""
