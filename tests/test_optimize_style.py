import io
import json
import re

import numpy as np
import pytest
from picture_files import assert_same_pixels, pixels_of
from PIL import Image, ImageOps
from records import board_of, rows_of
from video_clips import frames_of

from restyle.color import luminance
from restyle.media.contact_sheet import GAP, LINE, contact_sheet
from restyle.media.images import image_size, read_image, read_recipe, resize
from restyle.record.recipe import file_sha256

ONE_SCALE = ["--smallest_scale=48", "--iterations=2", "--optimizer=adam"]


def recipe_of(path):
    return json.loads(read_recipe(path))


def curves_and_pictures(folder):
    """TensorBoard's curves, {name: {iteration: value}}, and its pictures by iteration."""
    curves = board_of(folder)
    return curves, {step: png_pixels(png) for step, (_, _, png) in curves.pop("preview").items()}


def png_pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)))


@pytest.fixture(scope="module")
def made(tmp_path_factory, run, quick):
    """A run of two scales with all that it leaves behind; its folder, in which runs/ is."""
    folder = tmp_path_factory.mktemp("made")
    kept = [f"--run_dir={folder}/runs", "--save_every=3"]
    seen = [f"--tensorboard={folder}/board", f"--time_lapse={folder}/run.mp4"]
    scales = "--smallest_scale=32"
    assert run(*quick, scales, f"--output={folder}/out.png", *kept, *seen) == 0
    return folder


@pytest.fixture
def make(tmp_path, run, quick):
    """Makes a picture at one scale with more arguments; returns its path."""

    def make(*arguments, name="out.png"):
        output = tmp_path / name
        assert run(*quick, *ONE_SCALE, f"--output={output}", *arguments) == 0
        return output

    return make


def test_the_picture_has_the_wanted_long_side_and_the_contents_aspect(made):
    assert image_size(made / "out.png") == (32, 48)


def test_the_recipe_names_all_that_the_picture_depends_on(made, pictures, run, capsys):
    assert run(f"--show_recipe={made}/out.png") == 0
    recipe = json.loads(capsys.readouterr().out)

    assert recipe["settings"]["size"] == 48
    assert recipe["settings"]["style_weight"] == 1.0
    assert recipe["settings"]["style"] == [f"{pictures}/painting.png"]
    assert recipe["inputs"].keys() == {f"{pictures}/{name}.png" for name in ("photo", "painting")}
    assert recipe["weights"]["source"].startswith("random seed 0")
    assert len(recipe["weights"]["sha256"]) == 64
    assert recipe["versions"].keys() >= {"python", "tensorflow", "keras"}
    assert recipe["terms"].keys() == {"before saving", "saved"}
    assert recipe["terms"]["saved"].keys() >= {"objective", "content conv2_2", "style conv1_1"}


def test_the_objective_falls(made):
    first, *_, last = rows_of(made / "runs")
    final = recipe_of(made / "out.png")["terms"]["before saving"]

    assert float(last["objective"]) < 0.8 * float(first["objective"])
    # One is of a graph, the other is not: eigenvalues differ by their rounding.
    assert final["objective"] == pytest.approx(float(last["objective"]), rel=2e-3)


def test_a_run_folder_tells_the_run(made):
    rows = rows_of(made / "runs")

    assert [row["iteration"] for row in rows] == ["1", "2", "3", "4"]
    assert [row["width"] for row in rows] == ["34", "34", "48", "48"]
    assert [row["height"] for row in rows] == ["23", "23", "32", "32"]
    recipe = recipe_of(made / "out.png")
    shared = {name: recipe[name] for name in ("program", "settings", "inputs", "versions")}
    assert json.loads((made / "runs" / "config.json").read_text()) == shared
    assert {path.name for path in (made / "runs" / "previews").iterdir()} == {"00003.jpg"}
    assert min(image_size(made / "runs" / "loss.png")) > 300
    assert (made / "runs" / "state.npz").exists()


def test_tensorboard_gets_the_numbers_and_the_picture(made):
    curves, pictures = curves_and_pictures(made / "board")

    table = rows_of(made / "runs")
    assert curves.keys() == table[0].keys() - {"iteration"}
    for name in ("objective", "style conv1_1", "width"):
        expected = {int(row["iteration"]): float(row[name]) for row in table}
        assert curves[name] == pytest.approx(expected, rel=1e-5), name
    assert pictures.keys() == {1, 3, 4}
    assert {pixels.shape for pixels in pictures.values()} == {(32, 48, 3)}
    np.testing.assert_allclose(pictures[4] / 255, pixels_of(made / "out.png"), atol=1.1 / 255)


def test_the_time_lapse_shows_all_scales_at_the_size_of_the_result(made):
    frames = [frame.pixels for frame in frames_of(made / "run.mp4")]

    assert len(frames) == 4 + 1  # The last one is held.
    assert {frame.shape for frame in frames} == {(32, 48, 3)}
    result = luminance(pixels_of(made / "out.png"))
    errors = [np.abs(luminance(frame) - result).mean() for frame in frames]
    assert errors[-1] < 2 / 255 and errors[0] > 1.5 * errors[-1]


def test_a_second_run_in_the_same_folder_is_refused(made, run, quick, tmp_path, capsys):
    before = (made / "runs" / "metrics.csv").read_bytes()

    assert run(*quick, f"--run_dir={made}/runs", f"--output={tmp_path}/out.png") == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and f"--resume={made}/runs" in error
    assert (made / "runs" / "metrics.csv").read_bytes() == before


@pytest.mark.parametrize(
    "more",
    [["--preset=gatys", "--content_weight=0.1"], ["--init=noise", "--seed=4"], ["--init=wave"]],
)
def test_a_run_like_another_gives_the_same_pixels(make, run, tmp_path, more):
    first = make("--style_layer_weights=3,1", *more, f"--run_dir={tmp_path}/run")
    again = tmp_path / "again.png"

    for like in (first, tmp_path / "run" / "config.json"):
        assert run(f"--like={like}", f"--output={again}") == 0
        assert_same_pixels(again, first)
        assert recipe_of(again)["settings"] == recipe_of(first)["settings"]


def test_a_flag_beside_a_recipe_or_a_preset_wins_and_a_preset_beside_a_recipe(make, run, tmp_path):
    first = make("--preset=gatys", "--content_weight=0.1", "--style_layer_weights=3,1")

    def settings(*arguments):
        assert run(f"--like={first}", *arguments, f"--output={tmp_path}/again.png") == 0
        return recipe_of(tmp_path / "again.png")["settings"]

    before = recipe_of(first)["settings"]
    assert [before[f"{term}_weight"] for term in ("content", "style", "tv")] == [0.1, 1000.0, 0.0]
    assert settings("--style_weight=7") == before | {"style_weight": 7.0}
    changed = {"content_weight": 0.08, "style_weight": 1.0, "formula": "relative", "tv_weight": 2.0}
    changed |= {"style_loss": "wasserstein", "pooling": "max", "style_layer_weights": [4.0, 5.0]}
    assert settings("--preset=restyle") == before | changed
    assert settings("--style_layers=conv1_2")["style_layer_weights"] == []


def test_a_recipe_of_an_older_version_is_run_again(make, run, tmp_path):
    first = make("--preset=gatys", "--style_layer_weights=3,1")
    settings = recipe_of(first)["settings"]
    del settings["formula"], settings["style_loss"], settings["pooling"]
    settings |= {"preset": "gatys", "style_layer_weights": ["3", "1"]}
    (tmp_path / "config.json").write_text(json.dumps(settings))

    assert run(f"--like={tmp_path}/config.json", f"--output={tmp_path}/again.png") == 0
    assert_same_pixels(tmp_path / "again.png", first)


def test_a_dry_run_says_what_would_be_done_and_does_nothing(run, quick, tmp_path, capsys):
    where = [f"--output={tmp_path}/out.png", f"--run_dir={tmp_path}/run"]
    assert run(*quick, "--smallest_scale=32", *where, "--preset=gatys", "--dry_run") == 0

    lines = capsys.readouterr().out.splitlines()
    assert {"size: 48", 'formula: "gatys"', "style_weight: 1000.0"} <= set(lines)
    assert lines[-4:-2] == [
        "scale 1/2: 34x23, 2 iterations, paintings 34 long",
        "scale 2/2: 48x32, 2 iterations, paintings 48 long",
    ]
    assert re.fullmatch(
        r"memory: about [\d.]+ of [\d.]+ GB, for 48x32 as a whole, 20 pairs of L-BFGS in memory",
        lines[-2],
    )
    assert re.fullmatch(r"time: about [\d.]+ s, [\d.]+ s an iteration at the end", lines[-1])
    assert not list(tmp_path.iterdir())


def test_the_precision_that_was_decided_is_kept(make, tmp_path):
    recipe = recipe_of(make("--precision=auto", "--iterations=1", f"--run_dir={tmp_path}/run"))

    kept = json.loads((tmp_path / "run" / "config.json").read_text())["settings"]["precision"]
    assert kept == recipe["settings"]["precision"] != "auto"


def test_the_contents_alpha_is_put_back(make, pictures, tmp_path):
    with Image.open(pictures / "photo.png") as image:
        image.putalpha(Image.linear_gradient("L").rotate(90).resize(image.size))
        image.save(tmp_path / "clear_photo.png")

    alpha = read_image(make(f"--content={tmp_path}/clear_photo.png")).alpha

    assert alpha is not None
    expected = resize(read_image(tmp_path / "clear_photo.png").alpha, (32, 48))
    np.testing.assert_allclose(alpha, expected, atol=0.6 / 255)


@pytest.mark.parametrize("masks", [[], ["--style_mask=all", "--style_mask=all"]])
def test_recipe_and_resumed_run_know_that_a_painting_is_whole(make, run, pictures, tmp_path, masks):
    left = Image.fromarray(np.uint8([[255, 0]])).resize((60, 40), Image.Resampling.NEAREST)
    left.save(tmp_path / "left.png")
    ImageOps.invert(left).save(tmp_path / "right.png")
    halves = [f"--content_mask={tmp_path}/{side}.png" for side in ("left", "right")]
    first = make(f"--style={pictures}/other.png", *halves, *masks, f"--run_dir={tmp_path}/run")

    assert run(f"--resume={tmp_path}/run", f"--output={tmp_path}/resumed.png") == 0
    assert run(f"--like={first}", f"--output={tmp_path}/again.png") == 0
    for again in ("resumed.png", "again.png"):
        assert_same_pixels(tmp_path / again, first)
        assert recipe_of(tmp_path / again)["settings"] == recipe_of(first)["settings"]


def test_a_whole_painting_can_be_swept_beside_a_part_of_it(make, tmp_path):
    Image.new("L", (60, 40), 255).save(tmp_path / "photo.png")
    part = Image.linear_gradient("L").resize((108, 108)).point(lambda level: 255 * (level > 200))
    part.save(tmp_path / "part.png")

    swept = f"--sweep=style_mask=all|{tmp_path}/part.png"
    sheet = pixels_of(make(f"--content_mask={tmp_path}/photo.png", swept))
    whole, part = np.split(sheet[LINE + GAP : LINE + GAP + 32, GAP:], [48], axis=1)
    assert np.abs(whole - part[:, GAP : GAP + 48]).max() > 0.05


def test_a_start_from_a_picture_or_a_network_is_one_from_that_and_in_the_recipe(make, pictures):
    from restyle.networks import network_path

    from_content, from_file = make(), make(f"--init={pictures}/photo.png", name="from_file.png")
    from_wave = make("--init=wave", name="from_wave.png")

    assert_same_pixels(from_file, from_content)
    assert np.abs(pixels_of(from_wave) - pixels_of(from_content)).max() > 0.1
    assert f"{pictures}/photo.png" in recipe_of(from_file)["inputs"]
    assert recipe_of(from_wave)["inputs"]["wave"] == file_sha256(str(network_path("wave")))


def test_without_a_run_folder_previews_lie_beside_the_picture(make, tmp_path):
    make("--save_every=1")

    names = {path.name for path in tmp_path.glob("out*")}
    assert names == {"out.png", "out_00001.png", "out_00002.png"}


def test_two_swept_flags_are_the_rows_and_columns_of_a_sheet(make, run, quick, pictures, tmp_path):
    styles = f"{pictures}/painting.png|{pictures}/other.png"
    sheet = pixels_of(make(f"--sweep=style={styles}", "--sweep=content-weight=0.01,10"))
    others = [argument for argument in quick if not argument.startswith("--style=")]

    def single(style, weight):
        output = tmp_path / "single.png"
        arguments = [f"--style={style}", f"--content_weight={weight}", f"--output={output}"]
        assert run(*others, *ONE_SCALE, *arguments) == 0
        return pixels_of(output)

    singles = [[single(style, weight) for weight in (0.01, 10)] for style in styles.split("|")]

    assert not list(tmp_path.glob("out_*"))
    expected = contact_sheet(
        singles,
        row_labels=[f"style {style}" for style in styles.split("|")],
        column_labels=["content_weight 0.01", "content_weight 10"],
    )
    np.testing.assert_array_equal(sheet, expected)


@pytest.mark.parametrize("more", [[], ["--sweep=init=content,wave,noise"]])
def test_vgg_is_read_once_a_run_and_once_a_sweep(make, monkeypatch, more):
    from restyle.models.weights import load as vgg_weights
    from restyle.models.weights import sources as weight_sources

    reads = []

    def read_npz(path):
        reads.append(path)
        return weight_sources.read_npz(path)

    monkeypatch.setattr(vgg_weights, "read_npz", read_npz)
    make("--iterations=1", *more)

    assert len(reads) == 1


def test_what_lbfgs_remembers_is_free_before_the_picture_is_measured(make, monkeypatch):
    from restyle.exact import evaluation
    from restyle.exact.pairs import PairsInMemory

    kept, remembered = [], []
    begin, measure = PairsInMemory.__init__, evaluation.measure_stages

    def begin_and_keep(self, *arguments):
        begin(self, *arguments)
        kept.append(self)

    def look_and_measure(*arguments):
        remembered.extend(
            int(pairs.moves.numpy().size + pairs.turns.numpy().size) for pairs in kept
        )
        return measure(*arguments)

    monkeypatch.setattr(PairsInMemory, "__init__", begin_and_keep)
    monkeypatch.setattr(evaluation, "measure_stages", look_and_measure)
    make("--optimizer=lbfgs")

    assert remembered == [0]


def test_a_large_picture_is_measured_in_tiles_and_as_saved_alone(make, monkeypatch):
    whole = recipe_of(make())["terms"]["saved"]
    monkeypatch.setattr("restyle.measure.SCORED_TILE", 16)

    tiled = recipe_of(make())["terms"]

    assert list(tiled) == ["saved"] and tiled["saved"] == pytest.approx(whole, rel=5e-3)


def test_one_swept_flag_is_one_row(make):
    sheet = pixels_of(make("--sweep=content_weight=0.01,0.1,10", "--iterations=1"))

    assert sheet.shape[0] == LINE + 32 + 2 * GAP
