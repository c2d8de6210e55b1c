"""Measurements: `python -m benchmarks [NAME …]`; ratios against rivals, never assertions."""
