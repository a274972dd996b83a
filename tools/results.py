"""Makes the tables and figures of the documents from benchmarks/results/.

    make results

Above each table is a line `<!-- table: NAME -->`. `NAME` is a file
`benchmarks/results/NAME.csv`, which is shown unchanged, or a function below.
"""

import math
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from keras_qlae import figures
from keras_qlae import trained
from keras_qlae.comparing import read_study
from keras_qlae.comparing import results
from keras_qlae.comparing import tables
from keras_qlae.comparing.summary import METRICS
from keras_qlae.comparing.summary import Summary
from keras_qlae.comparing.summary import summaries
from keras_qlae.files import markdown_table
from keras_qlae.files import read_csv
from keras_qlae.runs import RunDirectory

ROOT = Path(__file__).parents[1]
RAW = ROOT / "benchmarks" / "results"
DOCUMENTS = (
    "benchmarks/README.md",
    "docs/results.md",
    "docs/explorer.md",
    "docs/which_model.md",
)
ONLY_DRAWN = {"gan_codebooks"}  # files without a table
GAN_LATENTS, GAN_STEPS_PER_EPOCH = 12, 750
SCORES = ("InfoM", "InfoE", "InfoC", "PSNR, dB")
TABLE = re.compile(r"(<!-- table: (\w+) -->\n)((?:\|.*\n)*)")


def table(name: str) -> str:
    """A table in Markdown that ends with a line break."""
    if name in MADE:
        return MADE[name]() + "\n"
    rows = read_csv(RAW / f"{name}.csv")
    return _table(rows[0], (row.values() for row in rows))


def study(name: str = "study") -> str:
    """Means and confidence intervals of a study."""
    text = tables.markdown(*_study(name))
    return "\n".join(line for line in text.split("\n") if line[:1] == "|")


def tripod() -> str:
    """Means and confidence intervals of Tripod and its parts."""
    return study("tripod")


def four_data_sets() -> str:
    """InfoM of each model on each data set."""
    read, found, _ = _study("four_data_sets")
    lines = []
    for contender in read.contenders:
        own = [each for each in found if each.model == contender.shown]
        cells = [_infom(each) for each in own]
        if any(cell != "-" for cell in cells):
            lines.append([contender.shown, *cells])
    return markdown_table(("model", *read.datasets), lines)


def trained_models() -> str:
    """The trained models of the package, with their scores."""
    lines = []
    for name in trained.available():
        run = RunDirectory(trained.path_of(name))
        config, scores = run.read_config(), run.read_scores()
        values = scores.infom, scores.infoe, scores.infoc
        lines.append(
            [
                f"`{name}`",
                config.dataset,
                f"{config.setting('training', 'steps'):,}",
                *(f"{value:.3f}" for value in values),
                f"{scores.psnr:.2f}",
            ]
        )
    return markdown_table(("name", "data set", "steps", *SCORES), lines)


def study_tuning() -> str:
    """Every run of the tuning, with each model's best sum in bold."""
    rows = read_csv(RAW / "study_tuning.csv")
    best: dict[str, float] = {}
    for row in rows:
        best[row["model"]] = max(best.get(row["model"], 0.0), _sum(row))
    lines = []
    for row in rows:
        settings = [
            f"{name.replace('_', ' ')} {float(value):g}"
            for name, value in list(row.items())[1:7]
            if value
        ]
        shown = f"{_sum(row):.3f}"
        is_best = _sum(row) == best[row["model"]]
        lines.append(
            [
                row["model"],
                ", ".join(sorted(settings)),
                *(f"{float(row[n]):.3f}" for n in ("infom", "infoe", "infoc")),
                f"{float(row['psnr']):.2f}",
                row["active"],
                f"**{shown}**" if is_best else shown,
            ]
        )
    head = ("model", "settings", *SCORES, "active", "InfoM + InfoE")
    return markdown_table(head, lines)


def gan_means() -> str:
    """The means over the seeds of each recipe of the GAN."""
    rows = read_csv(RAW / "gan_first.csv")
    lines = []
    for recipe in dict.fromkeys(row["recipe"] for row in rows):
        own = [row for row in rows if row["recipe"] == recipe]
        means = {n: sum(float(r[n]) for r in own) / len(own) for n in SCORES}
        digits = {name: 2 if name == "PSNR, dB" else 3 for name in SCORES}
        lines.append([recipe, *(f"{means[n]:.{digits[n]}f}" for n in SCORES)])
    return markdown_table(("recipe", *SCORES), lines)


def vectors() -> str:
    """InfoM of every seed, and the means of all scores."""
    rows = read_csv(RAW / "vectors.csv")
    found: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for row in rows:
        key = row["data"], row["model"], row["settings"]
        found.setdefault(key, []).append(row)
    names = ("InfoM", "InfoE", "InfoC", "rebuilt")
    lines = [
        [
            *key,
            " ".join(row["InfoM"] for row in own),
            *(f"{sum(float(r[n]) for r in own) / len(own):.3f}" for n in names),
        ]
        for key, own in found.items()
    ]
    head = ("data", "model", "settings", "InfoM of seeds 0 to 4", *names)
    return markdown_table(head, lines)


MADE = {
    "four_data_sets": four_data_sets,
    "trained_models": trained_models,
    "study": study,
    "study_tuning": study_tuning,
    "tripod": tripod,
    "gan_means": gan_means,
    "vectors": vectors,
}


def document(text: str) -> str:
    """Returns a document with its tables made again."""
    return TABLE.sub(lambda found: found[1] + table(found[2]), text)


def draw() -> None:
    """Draws the figures again."""
    for name, path in (
        ("study", "docs/comparison.png"),
        ("tripod", "benchmarks/tripod.png"),
    ):
        shown, found, _ = _study(name)
        figures.save(results.picture(shown, found), ROOT / path)
    rows = read_csv(RAW / "gan_codebooks.csv")
    for rate, stem in (("1", "before"), ("0.03", "after")):
        own = [
            [*map(float, list(row.values())[1:])]
            for row in rows
            if row["rate"] == rate
        ]
        table = np.array(own).reshape(-1, GAN_LATENTS, len(own[0]))
        steps = GAN_STEPS_PER_EPOCH * (table[:, 0, 0] + 1)
        figure = figures.codebook_trajectories(steps, table[..., 2:])
        figures.save(figure, ROOT / "benchmarks" / f"gan_codebooks_{stem}.png")
    trials = read_csv(RAW / "search.csv")
    settings = {
        name: [float(row[name]) for row in trials]
        for name in ("weight decay", "codebook")
    }
    scores = [float(row["InfoM"]) for row in trials]
    for stem, function in (
        ("tuning_objective", figures.search_scores),
        ("tuning_parallel_coordinates", figures.parallel_coordinates),
    ):
        figure = function(settings, scores, label="InfoM")
        figures.save(figure, ROOT / "benchmarks" / f"{stem}.png")


def main() -> None:
    """Writes documents and figures."""
    for name in DOCUMENTS:
        path = ROOT / name
        path.write_text(document(path.read_text()))
    draw()


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    return markdown_table([*head], [[*row] for row in rows]) + "\n"


def _study(name: str):
    """Returns a study, the lines of its table and its runs."""
    read = read_study(ROOT / "benchmarks" / f"{name}.toml", {})
    rows = [
        {
            name: float(value) if name in (*METRICS, "udr") else value
            for name, value in row.items()
        }
        for row in read_csv(RAW / f"{name}.csv")
    ]
    return read, summaries(read, rows), rows


def _infom(summary: Summary) -> str:
    """A mean and its interval; with its number of seeds if some are missing."""
    estimate = summary.estimates["infom"]
    if estimate is None:
        return "-"
    text = f"{estimate.mean:.3f}"
    if not math.isnan(estimate.margin):
        text += f" ± {estimate.margin:.3f}"
    count = summary.num_finished
    if summary.is_level["infom"] and count > 1:
        text = f"**{text}**"
    if count < summary.num_seeds:
        text += f" ({count} seed{'s' if count > 1 else ''})"
    return text


def _sum(row: dict[str, str]) -> float:
    return float(row["infom"]) + float(row["infoe"])


if __name__ == "__main__":
    main()
