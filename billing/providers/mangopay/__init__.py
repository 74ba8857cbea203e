"""Mangopay behind the port to payment providers."""
