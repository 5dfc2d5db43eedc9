"""Servers on a Kubernetes cluster: what `emit` prints is applied, watched, reached, and deleted again."""
