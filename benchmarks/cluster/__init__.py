"""Measurements on a Kubernetes: `make bench-cluster`."""
