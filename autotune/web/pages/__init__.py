"""The pages, each a router of its own, in the order of the navigation."""

from autotune.web.pages import home, new, profiles, results, runs

PAGES = (home.router, new.router, runs.router, results.router, profiles.router)
