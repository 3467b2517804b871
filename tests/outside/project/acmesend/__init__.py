"""Sends and receives images."""
