"""The pages, each a router of its own, in the order of the navigation."""

from autotune.web.pages import home, manifests, migrate, models, new, profiles

PAGES = (home.router, new.router, profiles.router, models.router, migrate.router, manifests.router)
