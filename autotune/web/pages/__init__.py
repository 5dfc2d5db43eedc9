"""The pages, each a router of its own, in the order of the navigation."""

from autotune.web.pages import home, new, profiles, results

PAGES = (home.router, new.router, results.router, profiles.router)
