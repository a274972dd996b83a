"""The embedded data set: a room with an object."""
