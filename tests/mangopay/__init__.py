"""A stand-in for Mangopay on this machine: its wire format on a real socket, with every failure that it documents."""
