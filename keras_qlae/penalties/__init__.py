"""temporary until the models branch lands."""


class Penalty:
    """A stand-in."""


__all__ = ["Penalty"]
