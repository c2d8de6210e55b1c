"""Where runs take place: stateless handles to runs on this machine or on a cluster."""
