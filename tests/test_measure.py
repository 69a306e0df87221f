import csv
import dataclasses
import json

import numpy as np
import pytest
from PIL import Image
from restyle.models.losses import gram_matrix, relative_error, total_variation
from restyle.models.objective_config import ObjectiveConfig
from restyle.models.vgg19 import vgg19_features
from restyle.models.weights.load import random_vgg_weights
from user_errors import message_of

import restyle
from restyle.color import match_color
from restyle.errors import UserError
from restyle.exact.settings import PictureObjective
from restyle.measure import Painting, score
from restyle.media.contact_sheet import LINE
from restyle.media.images import read_recipe, resize
from restyle.programs.settings import read_settings
from restyle.record.recipe import recipe_objective
from restyle.record.scores import comparison_sheet, score_label, write_scores

RNG = np.random.default_rng(3)
ONE_STEP = ("--smallest_scale=48", "--iterations=1", "--optimizer=adam")
CONFIG = ObjectiveConfig(
    content_weight=0.05,
    content_layers=("conv2_2",),
    style_layers=("conv1_1", "conv2_1"),
    tv_weight=0.5,
    style_loss="gram",
)


@pytest.fixture(scope="module")
def network():
    return vgg19_features(random_vgg_weights(width_divisor=8), CONFIG.layers, pooling="max")


def picture(height, width):
    return resize(RNG.random((5, 6, 3), dtype=np.float32), (height, width))


RESULT, PHOTO, WAVE, SCREAM = picture(20, 28), picture(20, 28), picture(24, 18), picture(9, 28)


def test_the_objective_is_the_weighted_sum_of_terms_recomputed_one_by_one(network):
    seen, content = network(RESULT[None]), network(PHOTO[None])
    wave = network(resize(WAVE, (28, 21))[None])
    content_term = relative_error(seen["conv2_2"], content["conv2_2"])
    style_terms = [
        relative_error(gram_matrix(seen[layer]), gram_matrix(wave[layer]))
        for layer in CONFIG.style_layers
    ]
    smoothness = total_variation(RESULT[None])

    scored = score(RESULT, PHOTO, [Painting(WAVE)], network, CONFIG)

    expected = {
        "objective": 0.05 * content_term + sum(style_terms) / 2 + 0.5 * smoothness,
        "content conv2_2": content_term,
        "style conv1_1": style_terms[0],
        "style conv2_1": style_terms[1],
        "total variation": smoothness,
    }
    assert list(scored) == list(expected)
    for name, value in expected.items():
        assert scored[name] == pytest.approx(float(value[0]), rel=1e-5)


def test_content_is_brought_to_the_results_size_and_paintings_to_the_side_asked_for(network):
    large_photo, large_wave = picture(40, 56), picture(48, 36)

    scored = score(RESULT, large_photo, [Painting(large_wave)], network, CONFIG, style_long_side=24)

    small_photo, small_wave = resize(large_photo, (20, 28)), resize(large_wave, (24, 18))
    small = RESULT, small_photo, [Painting(small_wave)], network, CONFIG
    assert scored == score(*small, style_long_side=24)
    assert scored != score(*small)


def test_what_is_too_small_for_the_layers_is_one_line_that_says_so(network):
    deep = ObjectiveConfig()
    with pytest.raises(UserError, match=r"A result .* at 12 x 40, .* need 16 pixels"):
        score(picture(40, 12), PHOTO, [Painting(WAVE)], network, deep)
    with pytest.raises(UserError, match=r"A style .* at 20 x 6, .* need 16 pixels"):
        score(RESULT, PHOTO, [Painting(SCREAM)], network, deep, style_long_side=20)


def scored_again(output, settings):
    """The score of a saved picture, by the files and settings that its recipe names."""
    names = {field.name for field in dataclasses.fields(PictureObjective)}
    names |= {"content_mask", "style_mask", "style_blend_weights", "despeckle"}
    content, *styles = map(restyle.read_image, [settings["content"], *settings["style"]])
    if settings["preserve_color"] == "match":
        styles = [match_color(style, content) for style in styles]
    long_side = settings["style_size"] or round(settings["style_scale"] * 48)
    asked = {name: settings[name] for name in names}
    return restyle.score(output, content, styles, style_size=long_side, **asked)


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("out.png", "--style_scale=0.7 --preserve_color=luminance"),
        ("out.png", "--style_size=56 --preserve_color=match --tv_weight=0.5"),
        ("out.png", "--style_size=56 --preserve_color=match --tv_weight=0.5 --despeckle=3"),
        ("out.jpg", "--preset=gatys --style={0}/other.png --style_blend_weights=2,1"),
        ("out.png", "--content={0}/clear.png"),
        ("out.jpg", "--content={0}/clear.png"),
        (
            "out.png",
            "--content_mask={0}/half.png --style_mask={0}/square.png --style_layer_weights=3,1 "
            "--optimizer=lbfgs",
        ),
    ],
)
def test_a_picture_that_was_saved_has_exactly_the_terms_its_recipe_states(
    run, quick, pictures, keras_home, tmp_path, monkeypatch, name, more
):
    half = Image.fromarray(np.uint8([[255, 0]])).resize((60, 40))
    half.save(pictures / "half.png")
    half.resize((108, 108)).save(pictures / "square.png")
    with Image.open(pictures / "photo.png") as image:
        image.putalpha(half)
        image.save(pictures / "clear.png")
    output = tmp_path / name

    assert run(*quick, *ONE_STEP, f"--output={output}", *more.format(pictures).split()) == 0

    monkeypatch.setenv("KERAS_HOME", str(keras_home))
    recipe = json.loads(read_recipe(output))
    stated = pytest.approx(recipe["terms"]["saved"], rel=1e-6)
    assert scored_again(output, recipe["settings"]) == stated


def test_the_program_filters_the_painting_as_it_was_for_the_picture(
    run, paint_with, quick, pictures, tmp_path
):
    output, how = tmp_path / "out.png", ("--style_size=56", "--despeckle=3")
    assert run(*quick, *ONE_STEP, f"--output={output}", *how) == 0
    stated = json.loads(read_recipe(output))["terms"]["saved"]
    inputs = f"--content={pictures}/photo.png", f"--style={pictures}/painting.png"
    layers = "--style_layers=conv1_1,conv2_1", "--content_layers=conv2_2"
    measure = f"--score={output}", *inputs, *layers, "--json"

    scored = json.loads(paint_with(*measure, *how).out)
    unfiltered = json.loads(paint_with(*measure, how[0]).out)

    assert {name: scored[name] for name in stated} == pytest.approx(stated, rel=1e-6)
    assert scored["style conv1_1"] != pytest.approx(unfiltered["style conv1_1"], rel=1e-3)


def test_a_recipe_of_a_version_with_gram_matrices_alone_gives_back_its_objective():
    settings = {
        **{"preset": "gatys", "content_weight": 1.0, "style_weight": 1000.0, "tv_weight": 0.0},
        **{"content_layers": ["conv2_2"], "content_layer_weights": [], "iterations": 300},
        **{"style_layers": ["conv1_1", "conv2_1"], "style_layer_weights": ["3", "1"]},
    }

    assert recipe_objective(settings) == ObjectiveConfig(
        content_weight=1.0,
        style_weight=1000.0,
        content_layers=("conv2_2",),
        style_layers=("conv1_1", "conv2_1"),
        style_layer_weights=(3.0, 1.0),
        style_loss="gram",
        pooling="average",
        formula="gatys",
    )


def test_a_picture_of_a_version_with_equal_layers_keeps_them(tmp_path):
    before = {**dataclasses.asdict(PictureObjective()), "style_layer_weights": []}
    (tmp_path / "config.json").write_text(json.dumps(before))

    settings = read_settings(str(tmp_path / "config.json"), PictureObjective)

    assert PictureObjective(**settings).style_layer_weights == (1, 1, 1, 1, 1)


def test_a_recipe_of_another_program_is_a_users_mistake():
    assert "does not say which objective" in message_of(recipe_objective, {"content_weight": 5})


ROWS = [
    {"picture": "a, b.png", "objective": 0.1, "style conv1_1": 2e-7},
    {"picture": "c.png", "objective": 1 / 3, "content conv4_2": 1.5},
]


def test_a_csv_has_the_columns_of_all_rows_and_gives_back_every_digit(tmp_path):
    write_scores(tmp_path / "scores.csv", ROWS)

    with open(tmp_path / "scores.csv", newline="") as file:
        header, first, second = csv.reader(file)
    assert header == ["picture", "objective", "style conv1_1", "content conv4_2"]
    assert first == ["a, b.png", "0.1", "2e-07", ""]
    assert second[0] == "c.png" and float(second[1]) == 1 / 3 and second[2] == ""


def test_a_json_gives_back_the_rows(tmp_path):
    write_scores(tmp_path / "scores.json", ROWS)

    assert json.loads((tmp_path / "scores.json").read_text()) == ROWS


def test_a_table_that_cannot_be_written_leaves_the_old_one(tmp_path):
    path = tmp_path / "scores.json"
    write_scores(path, ROWS)
    before = path.read_bytes()

    with pytest.raises(TypeError):
        write_scores(path, [*ROWS, {"picture": object()}])
    with pytest.raises(UserError, match=r"one of \.csv, \.json"):
        write_scores(tmp_path / "scores.xlsx", ROWS)

    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["scores.json"]


def test_a_sheet_shows_the_pictures_in_order_below_a_line_for_each_term():
    gray, light = np.full((30, 40, 3), 0.4, np.float32), np.full((30, 50, 3), 0.8, np.float32)
    terms = {"objective": 0.08, "content conv4_2": 0.5}

    sheet = comparison_sheet({"photo": gray, "ours": light}, {"ours": terms})

    assert score_label("ours", terms) == "ours\nobjective 0.08\ncontent conv4_2 0.5"
    top = sheet[3 * LINE : 3 * LINE + 30]
    grays, lights = (np.isclose(top, value, atol=1 / 255).all(axis=(0, 2)) for value in (0.4, 0.8))
    assert grays.sum() == 40 and lights.sum() == 50
    assert np.flatnonzero(grays).max() < np.flatnonzero(lights).min()


def test_scores_of_a_picture_that_is_not_shown_are_refused():
    with pytest.raises(ValueError, match="expected names among"):
        comparison_sheet({"photo": PHOTO}, {"photograph": {"objective": 1.0}})
