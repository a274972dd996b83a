"""The common parts of data sets that are drawn by casting rays."""
