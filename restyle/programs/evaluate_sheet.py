"""evaluate.py --sheet: one photo in all networks that come with restyle."""

import dataclasses
import sys
from collections.abc import Mapping
from typing import Any

from restyle.api import load
from restyle.machine.tensorflow_start import quiet_start
from restyle.media.contact_sheet import contact_sheet
from restyle.media.images import check_writable, read_image, write_image
from restyle.networks import pretrained_names
from restyle.paint.painter import EngineConfig
from restyle.paint.pictures import PaintConfig, shrunk
from restyle.paint.stylizer import Look
from restyle.programs.evaluate_settings import Modes, Sources
from restyle.programs.flags import WrongFlags
from restyle.programs.settings import built


def sheet(given: Mapping[str, Any]) -> int:
    """Writes the contact sheet."""
    source, target = built(Sources, given).input, built(Modes, given).sheet
    look, config = built(Look, given), built(PaintConfig, given)
    engine = dataclasses.asdict(built(EngineConfig, given))
    if not source or not target:
        raise WrongFlags("Pass --input photo.jpg for the contact sheet.")
    check_writable(target)
    photo = shrunk(read_image(source), config.max_size).pixels
    painters = {name: load(name, **engine) for name in pretrained_names()}
    for painter in painters.values():
        look.check(painter.shape)
    if given.get("dry_run"):
        print(f"{source} in {', '.join(painters)} -> {target}")
        return 0
    labels, pictures = ["photo"], [photo]
    with quiet_start():
        for name, painter in painters.items():
            labels.append(name.replace("_", " "))
            pictures.append(painter.stylizer(look).picture(photo))
    cells = contact_sheet([pictures], row_labels=[""], column_labels=labels, long_side=512)
    write_image(target, cells)
    print(f"Wrote {target}, {len(painters)} networks.", file=sys.stderr)
    return 0
