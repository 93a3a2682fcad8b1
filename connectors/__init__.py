"""Adapters: they translate between a vendor and `core.connector`, and do nothing else."""
