"""The embedded data set of a robot's arm."""
