"""The order of the images, and properties of the pipeline to `fit`."""

import gc
import weakref

import numpy as np
import pytest
import tensorflow as tf

from keras_qlae.datasets import from_arrays
from keras_qlae.datasets import pipeline
from keras_qlae.datasets.pipeline import BatchPlan


def numbered(num_images):
    """Images whose only factor is their position."""
    images = np.zeros((num_images, 1, 1, 1), np.uint8)
    return from_arrays(images, np.arange(num_images)[:, None])


def order(batches, num_batches=None):
    """The positions in each batch."""
    taken = batches if num_batches is None else batches.take(num_batches)
    return [factors[:, 0].numpy().tolist() for _, factors in taken]


def flat(batches):
    return [position for batch in batches for position in batch]


# --- which images


@pytest.mark.backend_free
def test_shares_make_up_the_batches():
    dataset = numbered(50)
    options = {"shuffle": True, "repeat": True, "seed": 3, "start_batch": 2}
    whole = order(dataset.as_tf_dataset(8, **options), 9)
    shares = [
        order(
            dataset.as_tf_dataset(8, share=k, num_shares=4, **options),
            9,
        )
        for k in range(4)
    ]
    assert [flat(batch) for batch in zip(*shares, strict=True)] == whole
    assert {len(share[0]) for share in shares} == {2}
    for wrong in (
        {"share": 4, "num_shares": 4},
        {"num_shares": 3},
        {"num_shares": 4, "drop_remainder": False},
    ):
        with pytest.raises(ValueError, match="num_shares"):
            dataset.as_tf_dataset(8, **wrong)


@pytest.mark.backend_free
def test_unshuffled_batches_are_in_index_order():
    dataset = numbered(7)
    assert order(dataset.as_tf_dataset(3)) == [[0, 1, 2], [3, 4, 5], [6]]
    whole = dataset.as_tf_dataset(3, drop_remainder=True)
    assert order(whole) == [[0, 1, 2], [3, 4, 5]]
    assert order(whole) == [[0, 1, 2], [3, 4, 5]]
    assert order(dataset.as_tf_dataset(9)) == [[0, 1, 2, 3, 4, 5, 6]]


@pytest.mark.backend_free
@pytest.mark.parametrize(
    "num_images", [1, 2, 3, 4, 5, 15, 16, 17, 63, 64, 65, 257, 1000, 480_000]
)
def test_a_shuffled_epoch_has_every_image_once(num_images):
    for seed, epoch in ((0, 0), (0, 1), (2**63 + 5, 10**6)):
        plan = BatchPlan(
            num_images=num_images,
            batch_size=num_images,
            drop_remainder=True,
            shuffle=True,
            seed=seed,
        )
        positions = plan.positions(
            tf.constant(epoch, tf.int64), tf.constant(0, tf.int64)
        )
        np.testing.assert_array_equal(np.sort(positions), np.arange(num_images))


@pytest.mark.backend_free
def test_batches_look_drawn_at_random_from_the_whole_set():
    num_images, batch_size = 480_000, 64
    plan = BatchPlan(
        num_images=num_images,
        batch_size=num_images,
        drop_remainder=True,
        shuffle=True,
        seed=3,
    )
    zero = tf.constant(0, tf.int64)
    positions = plan.positions(zero, zero).numpy()
    neighbours = np.corrcoef(positions[:-1], positions[1:])[0, 1]
    # The standard error is 0.0014; TensorFlow's own 4 rounds give 0.06.
    assert abs(neighbours) < 0.006
    means = positions.reshape(-1, batch_size).mean(axis=1)
    expected = num_images / np.sqrt(12 * batch_size)
    assert means.std() == pytest.approx(expected, rel=0.04)


def test_the_order_is_a_function_of_seed_and_epoch():
    dataset = numbered(50)

    def epoch(seed, start_epoch, start_batch=0, num_batches=5):
        stream = dataset.as_tf_dataset(
            10,
            shuffle=True,
            repeat=True,
            seed=seed,
            start_epoch=start_epoch,
            start_batch=start_batch,
        )
        return order(stream, num_batches)

    assert epoch(1, 4) == epoch(1, 4)
    different = [epoch(0, 0), epoch(0, 1), epoch(1, 0), epoch(2**32, 0)]
    assert len({str(batches) for batches in different}) == 4
    for batches in different:
        assert sorted(flat(batches)) == list(range(50))
    # 15 batches are epochs 3, 4 and 5, and may be joined anywhere.
    stream = epoch(7, 3, num_batches=15)
    assert stream[5:10] == epoch(7, 4)
    for step in range(10):
        start = divmod(step + 3 * 5, dataset.batches_per_epoch(10))
        assert epoch(7, *start, num_batches=3) == stream[step : step + 3]


def test_passes_and_the_endless_stream_agree():
    dataset = numbered(50)
    passes = dataset.as_tf_dataset(10, shuffle=True, seed=5, start_epoch=2)
    stream = dataset.as_tf_dataset(
        10, shuffle=True, repeat=True, seed=5, start_epoch=2
    )
    assert order(passes) + order(passes) + order(passes) == order(stream, 15)


def test_repeat_without_dropping_has_every_image_in_each_epoch():
    stream = numbered(5).as_tf_dataset(
        2, shuffle=True, repeat=True, drop_remainder=False
    )
    batches = order(stream, 6)
    assert [len(batch) for batch in batches] == [2, 2, 1, 2, 2, 1]
    assert sorted(flat(batches[:3])) == sorted(flat(batches[3:])) == [*range(5)]


def test_a_pass_counts_when_its_last_batch_is_delivered():
    batches = numbered(50).as_tf_dataset(10, shuffle=True)
    first = order(batches, 1)
    for _ in range(3):
        assert order(batches, 1) == first  # peeking changes nothing
    iterator = iter(batches)
    for _ in range(4):
        next(iterator)
    assert order(batches, 1) == first
    next(iterator)
    second = order(batches)
    assert second[:1] != first
    # Two passes at once are the same epoch, and count as one.
    reference = numbered(50).as_tf_dataset(10, shuffle=True, start_epoch=2)
    together = order(tf.data.Dataset.zip(batches, batches).map(lambda a, b: b))
    third = order(reference)
    assert together == third
    assert order(batches) == order(reference)


def test_the_count_lives_as_long_as_the_pipeline():
    batches = numbered(20).as_tf_dataset(10, shuffle=True).map(lambda x, y: y)
    gc.collect()
    passes = [[b.numpy().tolist() for b in batches] for _ in range(3)]
    assert len({str(batches) for batches in passes}) == 3


# --- what they look like


def test_every_level_is_exactly_its_255th():
    levels = np.arange(256, dtype=np.uint8).reshape(4, 8, 8, 1)
    batches = from_arrays(levels, np.zeros((4, 1), int)).as_tf_dataset(4)
    ((images, _),) = batches
    wanted = levels.astype(np.float32) / np.float32(255)
    np.testing.assert_array_equal(images, wanted)


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("repeat", [False, True])
def test_shapes_and_length_are_known(shuffle, repeat):
    dataset = numbered(10)
    batches = dataset.as_tf_dataset(4, shuffle=shuffle, repeat=repeat)
    static = shuffle or repeat
    size = 4 if static else None
    assert batches.element_spec == (
        tf.TensorSpec((size, 1, 1, 1), tf.float32),
        tf.TensorSpec((size, 1), tf.int32),
    )
    count = dataset.batches_per_epoch(4, drop_remainder=static)
    assert count == (2 if static else 3)
    wanted = tf.data.INFINITE_CARDINALITY if repeat else count
    assert batches.cardinality().numpy() == wanted


def test_only_images():
    (images,) = numbered(3).as_tf_dataset(3, with_factors=False)
    assert images.shape == (3, 1, 1, 1)


@pytest.mark.parametrize("repeat", [False, True])
def test_ops_are_tensorflows_own(repeat):
    batches = numbered(9).as_tf_dataset(3, shuffle=True, repeat=repeat)
    graph = batches._as_serialized_graph(strip_device_assignment=True)
    assert b"PyFunc" not in graph.numpy()


def test_pipelines_share_one_copy_of_the_images():
    dataset = numbered(9)
    train, validation = dataset.split(3)
    before = len(pipeline._HANDLES)
    both = [part.as_tf_dataset(3) for part in (train, validation)]
    tensor = weakref.ref(pipeline._HANDLES[id(dataset._all_images)])
    # Images and factors, and the positions of two parts.
    assert len(pipeline._HANDLES) == before + 4
    del both
    gc.collect()
    assert tensor() is None


# --- errors


@pytest.mark.backend_free
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "`batch_size` .* at least 1. Received: .*=0"),
        ({"batch_size": 2.0}, "`batch_size` must be an integer"),
        ({"batch_size": True}, "Received: batch_size=True"),
        ({"batch_size": 11, "shuffle": True}, "batch_size=11, 10 images"),
        ({"batch_size": 11, "drop_remainder": True}, "drop_remainder=False"),
        ({"seed": -1}, "`seed` must be an integer of at least 0"),
        ({"seed": 2**64}, r"below 2 \*\* 64"),
        ({"start_epoch": -1}, "`start_epoch`"),
        ({"start_batch": -1, "repeat": True}, "`start_batch`"),
        ({"start_batch": 1}, "needs `repeat=True`"),
        ({"start_batch": 2, "repeat": True}, "in an epoch, 2; later"),
    ],
)
def test_wrong_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        numbered(10).as_tf_dataset(**{"batch_size": 4, **options})


@pytest.mark.backend_free
def test_batches_per_epoch_checks_too():
    with pytest.raises(ValueError, match="exceeds the number of images"):
        numbered(10).batches_per_epoch(11)
    assert numbered(10).batches_per_epoch(11, drop_remainder=False) == 1
