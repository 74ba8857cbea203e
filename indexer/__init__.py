"""Keeps the index in step with the database; owns the document's shape and the engines that hold it."""
