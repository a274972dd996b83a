"""From published files to images that are ready to be served."""
