"""The ground of Repoussoir: values, contracts and decisions. No vendor, no network, no clock; I/O only in `core.store`."""
