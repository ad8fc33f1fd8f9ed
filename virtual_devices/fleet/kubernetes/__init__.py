"""A home as a namespace of Kubernetes: what is wanted are its objects. Only what talks to a cluster imports the client."""
