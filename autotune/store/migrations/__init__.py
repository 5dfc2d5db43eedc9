"""Steps from one version of the tables to the next, for Alembic. `autotune/store/schema.py` runs them when a store is opened."""
