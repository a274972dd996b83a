"""What the data sets that are cast by rays share."""
