"""The embedded data set of a robot arm."""
