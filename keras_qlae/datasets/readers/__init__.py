"""From published files to images, a block at a time."""
