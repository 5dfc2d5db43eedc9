"""The pages, each a router of its own, in the order of the navigation."""

from autotune.web.pages import home, results

PAGES = (home.router, results.router)
