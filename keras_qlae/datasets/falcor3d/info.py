"""What is known of Falcor3D."""

from keras_qlae.datasets.nvlabs import describe

INFO = describe(
    name="falcor3d",
    summary="A living room under moving light and camera, rendered.",
    description=(
        "Falcor3D: a rendered living room. Light of 5 intensities and 6 x 6 x "
        "6 directions, camera at 6 x 6 x 6 places. Published at 128 x 128 "
        "pixels; papers use 64 x 64."
    ),
    factors={
        "lighting_intensity": 5,
        "lighting_x": 6,
        "lighting_y": 6,
        "lighting_z": 6,
        "camera_x": 6,
        "camera_y": 6,
        "camera_z": 6,
    },
    file_name="Falcor3D_down128.zip",
    drive_id="1XAQfFK1x6cpN1eiovbP0hVfLTm5SsSoJ",
    num_bytes=3_700_000_000,
)
