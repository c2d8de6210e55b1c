"""The rules of the house in plain Python: no web, no SQL, no pipeline, no cluster."""
