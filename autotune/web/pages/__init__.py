"""The pages, each a router of its own, in the order of the navigation."""

from autotune.web.pages import home, manifests, migrate, models, new, profiles, results, runs, verify

PAGES = (
    home.router, new.router, runs.router, results.router, profiles.router, models.router, verify.router, migrate.router,
    manifests.router,
)  # fmt: skip
