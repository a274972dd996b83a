"""Prepares images from published files."""
