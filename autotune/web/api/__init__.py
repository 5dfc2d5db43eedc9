"""The REST API, a router a resource."""

from autotune.web.api import events

API = (events.router,)
