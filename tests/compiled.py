"""Functions in one compiled piece, on JAX, where each operation is one else.

JAX compiles an operation for each shape it meets: a small network of many
layers takes two seconds, and as a whole half a second.
"""

import keras


def compiled(function, variables):
    """`function`, which may read and assign `variables`, of its arguments."""
    if keras.backend.backend() != "jax":
        return function
    import jax

    @jax.jit
    def pure(values, *arguments):
        mapping = zip(variables, values, strict=True)
        with keras.StatelessScope(mapping) as scope:
            result = function(*arguments)
        return result, [scope.get_current_value(v) for v in variables]

    def call(*arguments):
        result, new = pure([v.value for v in variables], *arguments)
        for variable, value in zip(variables, new, strict=True):
            variable.assign(value)
        return result

    return call
