"""The service: routes, rules of who may do what, and the loop that turns runs into scores."""
