"""What the wire and end-to-end tests share: the server as a process, and strict HTTP clients."""
