"""The tables of `accounts`, a module for each part of it."""
