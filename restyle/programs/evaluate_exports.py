"""evaluate.py --export and --export_page: networks for other programs, and for browsers."""

import sys
from collections.abc import Mapping
from typing import Any

from restyle.errors import UserError, check_installed
from restyle.machine.tensorflow_start import quiet_start
from restyle.networks import load_network, network_path, pretrained_names
from restyle.page.runtime import runtime_folder
from restyle.programs import command_line
from restyle.programs.evaluate_settings import Sources
from restyle.programs.flags import WrongFlags
from restyle.programs.settings import built

Given = Mapping[str, Any]


def export(given: Given) -> int:
    """Writes the network in other formats, each checked against Keras; 1 if one failed."""
    models, folder = built(Sources, given).model, given["export"]
    if not models or not models[-1]:
        raise WrongFlags("Pass --model, the network to export.")
    path = network_path(models[-1])
    if given.get("dry_run"):
        print(f"{path} -> {folder}: SavedModel, ONNX, OpenVINO, LiteRT")
        return 0
    with quiet_start("tensorflow"):
        from restyle.engines.export import export_network

        rows = export_network(load_network(str(path)), folder)
    for row in rows:
        print(row)
    return 0 if all(row.path for row in rows) else command_line.FAILED


def export_page(given: Given) -> int:
    """Writes a site that paints in its visitor's browser."""
    check_installed("--export_page", "onnx", "onnxruntime", "tf2onnx")
    models, folder = _named(built(Sources, given).model or pretrained_names()), given["export_page"]
    if given.get("dry_run"):
        print(f"{', '.join(models)} -> {folder}")
        return 0
    runtime = runtime_folder()
    with quiet_start():
        from restyle.page.export import export_page as write_page

        networks = {name: load_network(model) for name, model in models.items()}
        rows = write_page(networks, folder, runtime=runtime)
    for row in rows:
        print(row)
    server = f"python -m http.server --bind 127.0.0.1 --directory {folder}"
    print(f"To see it run {server}", file=sys.stderr)
    return 0


def _named(models: Any) -> dict[str, str]:
    """The networks by the name that each is to have on the page."""
    named = {network_path(model).stem: model for model in models}
    if len(named) < len(models):
        raise UserError(f"Got two networks of one name: {', '.join(models)}. Rename one.")
    return named
