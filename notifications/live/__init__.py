"""How bytes get to sockets. Knows no models."""
