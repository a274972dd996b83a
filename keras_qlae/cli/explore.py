"""`keras-qlae explore`."""

import webbrowser
from pathlib import Path

import click

from keras_qlae.cli.backend import backend_option
from keras_qlae.cli.imports import dataset_option
from keras_qlae.cli.imports import imports_option


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option(
    "--open/--no-open",
    "opens",
    default=True,
    help="Whether to open the page in a browser.",
)
@click.option(
    "--serve",
    "serves",
    is_flag=True,
    help="Decode with the model itself, on this machine: for models that are "
    "too large for a page or have layers that it cannot compute.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="The port of --serve. Defaults to a free one.",
)
@dataset_option
@imports_option
@backend_option
def explore(
    directory: Path,
    opens: bool,
    serves: bool,
    port: int,
    dataset: str | None,
    imports: tuple[str, ...],
) -> None:
    """Explore the trained model of a run in a browser.

    Writes DIRECTORY/explorer.html, one file that needs neither a server nor a
    network: send it, or publish it with a paper. It contains twelve of the
    held-out images. For a model that comes with the package, such as
    qlae-room3d, give its name: the page is written to qlae-room3d.html.
    """
    from keras_qlae import explorer
    from keras_qlae import runs
    from keras_qlae import trained
    from keras_qlae.runs.exploring import content_of
    from keras_qlae.runs.exploring import write_page

    path = directory / "explorer.html"
    if str(directory) in trained.available() and not directory.exists():
        path = Path(f"{directory}.html")
        directory = trained.path_of(str(directory))
    run = runs.RunDirectory(directory)
    model, held_out = runs.load(run, dataset, imports)
    if serves:
        content = content_of(run, model, held_out)
        with explorer.serve(model, port=port, **content) as server:
            click.echo(f"{server.url}\nStop with Ctrl-C.")
            if opens:
                webbrowser.open(server.url)
            server.serve_forever()
        return
    if not write_page(run, model, held_out, path, as_report=False):
        raise SystemExit(1)
    click.echo(path)
    if opens:
        webbrowser.open(path.absolute().as_uri())
