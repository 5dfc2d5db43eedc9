"""Servers, and the load on them, on the nodes of a Ray cluster."""
