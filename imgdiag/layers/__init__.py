"""The layer walker: from the bytes of a layer to its entries, and from history to layers."""
