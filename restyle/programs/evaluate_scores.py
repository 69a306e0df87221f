"""evaluate.py --score: results of any program, measured by the objective."""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from restyle.api import scorer
from restyle.exact.settings import PictureObjective
from restyle.files import check_target
from restyle.machine.tensorflow_start import quiet_start
from restyle.media.images import check_writable, read_image, write_image
from restyle.programs.evaluate_settings import Results, Scores
from restyle.programs.flags import WrongFlags
from restyle.programs.settings import as_settings, built, chosen, settings_text
from restyle.record.scores import TABLES, comparison_sheet, score_label, write_scores


def score(given: Mapping[str, Any]) -> int:
    """Prints the objective of each result and its terms before their weights."""
    asked, objective = built(Scores, given), built(PictureObjective, chosen(given))
    if not asked.content or not asked.style:
        raise WrongFlags("Pass --content photo.jpg --style painting.jpg with --score.")
    if asked.scores:
        check_target(asked.scores, TABLES)
    if asked.compare:
        check_writable(asked.compare)
    photo = read_image(asked.content).pixels
    paintings = {path: read_image(path).pixels for path in asked.style}
    results = {path: read_image(path).pixels for path in asked.score}
    if given.get("dry_run"):
        print(settings_text(as_settings(asked, objective)))
        return 0
    with quiet_start("tensorflow"):
        measure = scorer(
            photo,
            list(paintings.values()),
            style_size=asked.style_size,
            despeckle=asked.despeckle,
            vgg_weights=asked.vgg_weights,
            **dataclasses.asdict(objective),
        )
        scores = {path: measure(result) for path, result in results.items()}
    in_json = built(Results, given).json
    for name, terms in scores.items():
        print(json.dumps({"result": name, **terms}) if in_json else score_label(name, terms))
    if asked.scores:
        write_scores(asked.scores, [{"result": name, **terms} for name, terms in scores.items()])
    if asked.compare:
        pictures = {"photo": photo, **paintings, **results}
        write_image(asked.compare, comparison_sheet(pictures, scores))
    return 0
