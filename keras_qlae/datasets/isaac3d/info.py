"""What is known of Isaac3D."""

from keras_qlae.datasets.nvlabs import describe

INFO = describe(
    name="isaac3d",
    summary="A robot arm with an object in a kitchen, rendered.",
    description=(
        "Isaac3D: a rendered kitchen in which a robot arm holds an object. "
        "Published at 128 x 128 pixels; papers use 64 x 64. Its README gives "
        "some factors in another order, which neither its strides nor its "
        "labels fit."
    ),
    factors={
        "object_shape": 3,
        "robot_x": 8,
        "robot_y": 5,
        "camera_height": 4,
        "object_scale": 4,
        "lighting_intensity": 4,
        "lighting_y": 6,
        "object_color": 4,
        "wall_color": 4,
    },
    file_name="Isaac3D_down128.zip",
    drive_id="1OmQ1G2wnm6eTsSFGTKFZZAh5D3nQTW1B",
    num_bytes=13_000_000_000,
)
