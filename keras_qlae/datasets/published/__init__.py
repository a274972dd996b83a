"""Published data sets: one file each, with a description and a reader."""
