"""The part of the product that runs in a Jupyter server: a thin way through to the service."""
