"""The REST API, a router a resource."""

from autotune.web.api import catalog, compiling, docs, events, experiments, health, migrating, profiles, runs, tasks, v1

API = (
    tasks.router,
    runs.router,
    events.router,
    experiments.router,
    profiles.router,
    compiling.router,
    migrating.router,
    catalog.router,
    health.router,
    v1.router,
    docs.router,
)
