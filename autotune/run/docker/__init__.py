"""Servers in containers of a Docker engine: image pulled, container created, watched, its log copied, all of it removed."""
