"""What runs the whole site on one machine: the state folder, an embedded Redis, the demo people."""
