"""The embedded data set of binary shapes."""
