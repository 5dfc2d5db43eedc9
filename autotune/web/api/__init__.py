"""The REST API, a router a resource."""
