"""The tables of `booking`, a module for each part of it."""
