"""BLAS gets its threads back, whoever ends first."""

import pytest
from threadpoolctl import threadpool_info
from threadpoolctl import threadpool_limits

from keras_qlae.metrics.threads import own_threads

pytestmark = pytest.mark.backend_free


def num_blas_threads():
    return {
        library["num_threads"]
        for library in threadpool_info()
        if library["user_api"] == "blas"
    }


def test_calls_that_overlap_leave_the_threads_of_blas_as_they_were():
    with threadpool_limits(2, user_api="blas"):
        before = num_blas_threads()
        first, second = own_threads(), own_threads()
        first.__enter__()
        second.__enter__()
        assert num_blas_threads() == {1}
        first.__exit__(None, None, None)
        assert num_blas_threads() == {1}
        second.__exit__(None, None, None)
        assert num_blas_threads() == before


def test_an_error_gives_the_threads_back_too():
    with threadpool_limits(2, user_api="blas"):
        before = num_blas_threads()
        with pytest.raises(ZeroDivisionError), own_threads() as executor:
            list(executor.map(lambda x: 1 / x, [0]))
        assert num_blas_threads() == before
