"""Predicted against measured: how far off a predictor is, and what believing it would have cost."""
