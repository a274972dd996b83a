"""The sizes of the paper's networks, by name."""

from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

from keras_qlae.networks.blocks import Convolution
from keras_qlae.networks.blocks import blocks_from


class Size(NamedTuple):
    """Widths of an image encoder, or of the decoder that mirrors it.

    Attributes:
        blocks: The convolutions of an encoder, `(width, kernel_size, strides)`
            each. A decoder has the widths in reverse.
        dense_units: The dense layers next to the latents.
    """

    blocks: tuple[Convolution, ...]
    dense_units: tuple[int, ...]


SIZES = {
    "large": Size(
        blocks_from(
            (32, 32, 32, 64, 64, 64, 128, 128, 128, 256, 256, 256),
            kernel_sizes=(3, 3, 4),
            strides=(1, 1, 2),
        ),
        dense_units=(256, 256),
    ),
    "small": Size(
        blocks_from((64, 128, 256, 512), kernel_sizes=(4,), strides=(2,)),
        dense_units=(512,),
    ),
    "tiny": Size(
        blocks_from((16, 32, 64), kernel_sizes=(4,), strides=(2,)),
        dense_units=(128,),
    ),
}


def encoder_size(
    size: str,
    blocks: Sequence[Sequence[int]] | None,
    dense_units: Sequence[int] | None,
) -> Size:
    """The named size; what is given replaces its values."""
    if size not in SIZES:
        raise ValueError(
            f"`size` must be one of {', '.join(map(repr, SIZES))}; for any "
            "other size pass `blocks` and `dense_units`. "
            f"Received: size={size!r}"
        )
    named = SIZES[size]
    if blocks is not None:
        named = named._replace(blocks=_convolutions(blocks))
    if dense_units is not None:
        named = named._replace(dense_units=tuple(dense_units))
    return named


def decoder_size(
    size: str,
    blocks: Sequence[Sequence[int]] | None,
    dense_units: Sequence[int] | None,
) -> Size:
    """Like `encoder_size`, with the named widths in reverse."""
    named = encoder_size(size, blocks, dense_units)
    if blocks is not None:
        return named
    widths = [block.width for block in reversed(named.blocks)]
    return named._replace(
        blocks=tuple(
            block._replace(width=width)
            for block, width in zip(named.blocks, widths, strict=True)
        )
    )


def _convolutions(
    blocks: Sequence[Sequence[int]],
) -> tuple[Convolution, ...]:
    if not blocks or not all(_is_convolution(block) for block in blocks):
        raise ValueError(
            "`blocks` must be a list of (width, kernel_size, strides), three "
            "positive integers each, with at least one block. "
            f"Received: blocks={blocks!r}"
        )
    return tuple(Convolution(*block) for block in blocks)


def _is_convolution(block: Any) -> bool:
    return (
        isinstance(block, Sequence)
        and len(block) == 3
        and all(isinstance(n, int) and n > 0 for n in block)
    )
