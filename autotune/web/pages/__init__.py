"""The pages, each a router of its own, in the order of the navigation."""

from autotune.web.pages import home, new, profiles, results, runs, verify

PAGES = (home.router, new.router, runs.router, results.router, profiles.router, verify.router)
