"""From what a person says to composed points. The only package that imports hydra."""
