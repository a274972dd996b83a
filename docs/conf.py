"""Settings of the site. `make docs` builds it into build/site.

What is generated while it is built goes to docs/generated: a page for each
public name, and the tutorials, which are run.
"""

import logging
import os
import sys
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

import keras_qlae

# A tutorial does not show TensorFlow's notes on tracing.
logging.getLogger("tensorflow").setLevel("ERROR")
# Pages that tutorials make.
Path(__file__).with_name("generated").joinpath("pages").mkdir(
    parents=True, exist_ok=True
)

project = "keras-qlae"
author = "the keras-qlae authors"
copyright = f"2026, {author}"
version = release = keras_qlae.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "site_extension",
]
exclude_patterns = ["tutorials/**", "_templates/**"]
templates_path = ["_templates"]
nitpicky = True
# Other libraries have sites of their own, and none is looked up. A type may
# be named by a module that is not public.
nitpick_ignore_regex = [
    (
        r"py:.*",
        r"(keras(_tuner)?|tensorflow|tf|torch|jax|numpy|np|npt|matplotlib|PIL"
        r"|collections|concurrent|pathlib|os|types|typing|click|http|socket"
        r"|dataclasses)(\..*)?",
    ),
    (r"py:.*", r"(abc\.ABC|Any|Path|Figure|Executor|ArrayLike|Self|Tensor)"),
    (r"py:class", r"keras_qlae\.\w+\.\w+\..*"),  # not public
]

# -- Markdown pages
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

# -- Pages of the public names
autosummary_generate = True
autosummary_ignore_module_all = False
autosummary_imported_members = True
autodoc_default_options = {"members": True, "show-inheritance": True}
autodoc_inherit_docstrings = False
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
maximum_signature_line_length = 60
add_module_names = False
toc_object_entries_show_parents = "hide"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_custom_sections = [
    ("Call arguments", "params_style"),
    "Input shape",
    "Output shape",
    "Reference",
]

# -- Tutorials
sphinx_gallery_conf = {
    "examples_dirs": "tutorials",
    "gallery_dirs": "generated/tutorials",
    "filename_pattern": r"\.py$",
    "within_subsection_order": "generated_text.tutorial_order",
    "image_scrapers": ("site_extension.shown",),
    "capture_repr": ("_repr_html_", "__repr__"),
    "ignore_repr_types": r"matplotlib\.figure|PIL\.|pathlib\.|RunDirectory",
    "reset_modules": (),
    "abort_on_example_error": True,
    "show_memory": False,
    "show_signature": False,
    "download_all_examples": False,
    "remove_config_comments": True,
    "write_computation_times": False,
}

# -- The site
html_theme = "pydata_sphinx_theme"
html_title = "keras-qlae"
html_static_path = ["_static"]
html_extra_path = ["generated/pages"]
html_css_files = ["site.css"]
html_context = {"default_mode": "auto"}
html_copy_source = False
html_show_sourcelink = False
html_math_renderer = "mathml"
html_theme_options = {
    "github_url": "https://github.com/keras-qlae/keras-qlae",
    "logo": {"text": "keras-qlae"},
    "navbar_align": "left",
    "header_links_before_dropdown": 7,
    "show_prev_next": True,
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_sidebars = {"index": []}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
