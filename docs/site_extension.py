"""What Sphinx has to know of this package: docstrings, figures, formulas."""

import pprint
import re
import shutil
import sys
from inspect import cleandoc
from pathlib import Path

import generated_text
from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from matplotlib.figure import Figure
from PIL.Image import Image
from sphinx.ext.napoleon import GoogleDocstring
from sphinx.pycode import ModuleAnalyzer
from sphinx.util import inspect
from sphinx_gallery.scrapers import figure_rst

FRAME = """
.. raw:: html

    <iframe class="page" src="../../{0}" title="The page of a model"></iframe>
    <p><a href="../../{0}">The page alone</a></p>

"""
PAGES = Path(__file__).parent / "generated" / "pages"


def shown(block, block_vars, gallery_conf):
    """Shows the figure, image or page that a block of a tutorial ends with."""
    names = block_vars["example_globals"]
    last = names.get("___")
    if not isinstance(last, (Figure, Image, Path)):
        return ""
    names["___"] = None  # or the next block that ends with none shows it
    if isinstance(last, Path):
        name = f"{Path(block_vars['src_file']).stem}_page.html"
        shutil.copy(last, PAGES / name)
        return FRAME.format(name)
    path = next(block_vars["image_path_iterator"])
    if isinstance(last, Image):
        last.save(path)
    else:
        last.savefig(path, dpi=120, bbox_inches="tight")
    return figure_rst([path], gallery_conf["src_dir"])


def _as_rst(app, what, name, obj, options, lines):
    """Docstrings are Markdown, within Google's sections."""
    if what == "data":
        lines[:] = [*_comment(name, obj), "", "::", "", *_value(obj)]
        return
    lines[:] = _converted("\n".join(lines))


def _property_as_rst(app, what, name, obj, options, lines):
    """Undoes what takes the first words of a property for its type."""
    if what == "property":
        text = _converted(cleandoc(obj.__doc__))
        lines[:] = GoogleDocstring(text, app.config, app, "method").lines()


def _converted(text):
    """The lines of a docstring; its sections are left to Napoleon."""
    text = re.sub(r"(?<!`)`([^`]+)`(?!`)", _literal_or_link, text)
    text = re.sub(r"^Returns:$", ":returns:", text, flags=re.MULTILINE)
    return list(_code_blocks(text.split("\n")))


def _code_blocks(lines):
    """Yields fenced and indented blocks as reStructuredText wants them."""
    is_fenced, block, text, before = False, None, 0, ""
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if line.lstrip().startswith("```"):
            is_fenced = not is_fenced
            if is_fenced:
                yield f"{line.replace('```', '.. code-block:: ')}"
            yield ""
        elif is_fenced:
            yield f"    {line}"
        else:
            if line and block is None and before == "" and indent >= text + 4:
                block = indent
                yield f"{' ' * text}::"
                yield ""
            elif line and block is not None and indent < block:
                block = None
            if line and block is None:
                text = indent
            yield line
        before = line


def _comment(name, obj):
    """The `#:` comment above a constant, in the module that defines it."""
    key = ("", name.rpartition(".")[2])
    for module, content in sys.modules.items():
        if (
            module.startswith("keras_qlae.")
            and vars(content).get(key[1]) is obj
        ):
            found = ModuleAnalyzer.for_module(module).find_attr_docs()
            if key in found:
                return found[key]
    raise ValueError(f"{name} needs a comment that begins with #:")


def _value(obj):
    return [
        f"    {line}"
        for line in pprint.pformat(obj, 4, 76, sort_dicts=False).split("\n")
    ]


def _literal_or_link(found):
    target = generated_text.full_name(found[1])
    if target:
        return f":py:obj:`{found[1]} <{target}>`\\ "
    return f"``{found[1]}``\\ "


def _true_signature(app, what, name, obj, options, signature, annotation):
    """The arguments of `__init__`, where Keras has a `__new__` for any."""
    if what == "class" and signature and signature.startswith("(*args"):
        own = inspect.signature(obj.__init__, bound_method=True)
        signature = inspect.stringify_signature(
            own, unqualified_typehints=True, show_return_annotation=False
        )
    return signature and re.sub(r"= <\w+>", "= ...", signature), annotation


def _skip(app, what, name, obj, skip, options):
    """Fields of named tuples stand in the docstring of the class."""
    return True if type(obj).__name__ == "_tuplegetter" else None


def _formula(self, node, as_block):
    self.body.append(tex2mathml(node.astext(), as_block=as_block))


def setup(app):
    """Connects the functions above."""

    def inline(self, node):
        _formula(self, node, as_block=False)
        raise nodes.SkipNode

    def block(self, node):
        self.body.append('<div class="formula">')
        _formula(self, node, as_block=True)
        self.body.append("</div>")
        raise nodes.SkipNode

    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    app.connect("autodoc-process-docstring", _as_rst, priority=400)
    app.connect("autodoc-process-docstring", _property_as_rst, priority=600)
    app.connect("autodoc-process-signature", _true_signature)
    app.connect("autodoc-skip-member", _skip)
    app.connect("source-read", generated_text.insert)
