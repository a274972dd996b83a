"""A support of your own: which combinations of factors are trained on.

A support is a function of the factors of all images, integers of shape
`(num_images, num_factors)`, to one boolean an image: whether it is kept. Or to
one integer: how often it occurs, so that some combinations come more often.

    keras-qlae train --dataset my_data_set:squares --support my_support:band

Held-out images are of the same combinations; `--scored-support full` draws
them from all. The report says which were scored, and how strongly the factors
that are left depend on one another.
"""

import numpy as np


def band(factors: np.ndarray) -> np.ndarray:
    """Leaves out images in which the first two factors are far apart."""
    return np.abs(factors[:, 0] - factors[:, 1]) <= 4
