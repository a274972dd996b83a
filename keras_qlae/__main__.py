"""`python -m keras_qlae` is `keras-qlae`."""

from keras_qlae.cli.main import main

main(prog_name="keras-qlae")
