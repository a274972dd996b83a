"""Decodes, resizes and writes images from any source."""

from keras_qlae.datasets.dataset_info import Block
from keras_qlae.datasets.images import resize
from keras_qlae.datasets.preparing.disk import UnreadableError
from keras_qlae.datasets.preparing.disk import cannot_write
from keras_qlae.datasets.preparing.sources import Source
from keras_qlae.datasets.preparing.writer import ImageWriter
from keras_qlae.datasets.preparing.writer import discard
from keras_qlae.datasets.store import Store


def convert(store: Store, source: Source, show_progress: bool) -> None:
    """Decodes, resizes and writes the images.

    Images are discarded if their source is damaged, and kept if the disk is
    full or cannot be read.
    """
    try:
        _write(store, source, show_progress)
    except ValueError:
        discard(store)
        raise
    except UnreadableError:
        raise
    except OSError as error:
        raise cannot_write(store, store.partial, error) from error


def _write(store: Store, source: Source, show_progress: bool) -> None:
    from tqdm import tqdm

    with (
        ImageWriter(store, source.origin, source.in_order) as writer,
        tqdm(
            desc=f"Preparing {store.info.name}",
            initial=writer.done,
            total=store.info.num_values,
            unit=" images",
            disable=not show_progress,
        ) as bar,
    ):
        for block in source.blocks(writer.done):
            images = resize(block.images, store.image_size)
            writer.write(Block(block.positions, images))
            bar.update(len(images))
        writer.finish()
