import csv
import json

import numpy as np
import pytest
from restyle.models.losses import gram_matrix, relative_error, total_variation
from restyle.models.objective_config import ObjectiveConfig
from restyle.models.vgg19 import vgg19_features
from restyle.models.weights.load import random_vgg_weights

from restyle.color import match_color
from restyle.errors import UserError
from restyle.masks import read_mask
from restyle.measure import Painting, score
from restyle.media.contact_sheet import LINE
from restyle.media.images import read_image, read_recipe, resize, write_image
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


def test_the_photo_itself_has_no_content_error_and_the_painting_no_style_error(network):
    photo = score(PHOTO, PHOTO, [Painting(WAVE)], network, CONFIG)
    painting = score(WAVE, PHOTO, [Painting(WAVE)], network, CONFIG)

    assert photo["content conv2_2"] == 0 < photo["style conv1_1"]
    assert painting["style conv1_1"] == pytest.approx(0, abs=1e-10) != painting["content conv2_2"]


def test_content_is_brought_to_the_results_size_and_paintings_to_the_side_asked_for(network):
    large_photo, large_wave = picture(40, 56), picture(48, 36)

    scored = score(RESULT, large_photo, [Painting(large_wave)], network, CONFIG, style_long_side=24)

    small_photo, small_wave = resize(large_photo, (20, 28)), resize(large_wave, (24, 18))
    assert scored == score(
        RESULT, small_photo, [Painting(small_wave)], network, CONFIG, style_long_side=24
    )
    assert scored != score(RESULT, small_photo, [Painting(small_wave)], network, CONFIG)


def test_styles_are_averaged_by_their_weights(network):
    def style_error(*paintings):
        return score(RESULT, PHOTO, paintings, network, CONFIG)["style conv2_1"]

    blend = style_error(Painting(WAVE, weight=3), Painting(SCREAM, weight=1))

    expected = 0.75 * style_error(Painting(WAVE)) + 0.25 * style_error(Painting(SCREAM))
    assert blend == pytest.approx(expected, rel=1e-5)


def test_what_is_too_small_for_the_layers_is_one_line_that_says_so(network):
    deep = ObjectiveConfig()
    with pytest.raises(UserError, match=r"A result .* at 12 x 40, .* need 16 pixels"):
        score(picture(40, 12), PHOTO, [Painting(WAVE)], network, deep)
    with pytest.raises(UserError, match=r"A style .* at 20 x 6, .* need 16 pixels"):
        score(RESULT, PHOTO, [Painting(SCREAM)], network, deep, style_long_side=20)


@pytest.fixture
def made(tmp_path, run, quick):
    """Makes a picture with optimize_style.py; returns its path and its recipe."""

    def made(*arguments):
        output = tmp_path / "out.png"
        assert run(*quick, *ONE_STEP, f"--output={output}", *arguments) == 0
        return output, json.loads(read_recipe(output))

    return made


def scored_again(output, recipe, network_of):
    """The score of a saved picture, from the files and settings that its recipe names."""
    settings = recipe["settings"]
    config = recipe_objective(settings)
    result, content = (read_image(path).pixels for path in (output, settings["content"]))
    styles = [read_image(path).pixels for path in settings["style"]]
    if settings["preserve_color"] == "match":
        styles = [match_color(style, content) for style in styles]
    masks = zip(settings["content_mask"], settings["style_mask"], strict=True)
    fields = [
        {"content_mask": read_mask(of_content, content.shape[:2]), "mask": read_mask(of_style, s)}
        for (of_content, of_style), s in zip(masks, (s.shape[:2] for s in styles), strict=False)
    ]
    weights = [float(weight) for weight in settings["style_blend_weights"]]
    paintings = [
        Painting(style, weight, **more)
        for style, weight, more in zip(
            styles, weights or [1.0] * len(styles), fields or [{}] * len(styles), strict=True
        )
    ]
    long_side = settings["style_size"] or round(settings["style_scale"] * max(result.shape))
    network = network_of(config)
    return score(result, content, paintings, network, config, style_long_side=long_side)


@pytest.mark.parametrize(
    "more",
    [
        [],
        ["--style_scale=0.7", "--preserve_color=luminance"],
        ["--style_size=56", "--preserve_color=match", "--tv_weight=0.5"],
        ["--preset=gatys", "--style={}/other.png", "--style_blend_weights=2,1"],
        [
            *("--content_mask={}/half.png", "--style_mask={}/half_of_style.png"),
            *("--style_layer_weights=3,1", "--optimizer=lbfgs"),
        ],
    ],
)
def test_a_picture_that_was_saved_has_exactly_the_terms_its_recipe_states(made, pictures, more):
    for name, size in (("half", (40, 60)), ("half_of_style", (108, 108))):
        half = np.zeros((*size, 3), np.float32)
        half[:, : size[1] // 2] = 1
        write_image(pictures / f"{name}.png", half)
    output, recipe = made(*(argument.format(pictures) for argument in more))

    def network_of(config):
        return vgg19_features(
            random_vgg_weights(width_divisor=8), config.layers, pooling=config.pooling
        )

    stated = pytest.approx(recipe["terms"]["saved"], rel=1e-6)
    assert scored_again(output, recipe, network_of) == stated


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


def test_a_recipe_of_another_program_is_a_users_mistake():
    with pytest.raises(UserError, match="does not say which objective"):
        recipe_objective({"content_weight": 5})


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
