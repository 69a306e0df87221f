"""train_fast.py as a person uses it."""

import json
import shutil

import numpy as np
import pytest
from records import assert_same_network, board_of, counted_in, rows_of

from restyle.media.contact_sheet import GAP, LINE
from restyle.media.images import image_size, read_image, resize
from restyle.networks import load_network, read_network_recipe
from restyle.record.recipe import file_sha256
from restyle.record.run_folder import RunFolder


@pytest.fixture
def mistake(train, quick_training, tmp_path):
    """Runs into a mistake; returns the line that says so. What was there before must stay."""

    def mistake(*arguments, status=1, stub=("nothing_slow",), quick=quick_training):
        output = tmp_path / "out.keras"
        output.write_bytes(b"an older network")
        answer = train(*quick, f"--output={output}", *arguments, stub=stub)
        assert (answer.status, answer.out) == (status, ""), answer
        assert answer.error.startswith("error: ") and answer.error.count("\n") == 1
        assert output.read_bytes() == b"an older network"
        return answer.error

    return mistake


@pytest.fixture
def make(train, quick_training, tmp_path):
    """Trains a network with more arguments; returns its path, beside which out_run/ lies."""

    def make(*arguments, usual=quick_training):
        output = tmp_path / "out.keras"
        answer = train(*usual, *arguments, f"--output={output}")
        assert answer.status == 0, answer
        return output

    return make


@pytest.fixture(scope="module")
def trained(train, quick_training, tmp_path_factory, pictures):
    """A folder with out.keras, out_run and board, what a run of 6 steps left."""
    folder = tmp_path_factory.mktemp("trained")
    answer = train(
        *(*quick_training, "--preview_every=3", f"--test={pictures}/photo.png"),
        *(f"--output={folder}/out.keras", f"--tensorboard={folder}/board"),
    )
    assert answer.status == 0, answer
    (folder / "error.txt").write_text(answer.error)
    return folder


def test_a_run_says_what_it_learns_from_and_what_it_wrote(trained):
    lines = (trained / "error.txt").read_text().splitlines()

    photos, start, device, held_out, wrote = *lines[0].split("; "), *lines[-2:]
    assert photos == "7 photos to learn from, 1 held out"
    assert (start, device) == ("starting from scratch", "float32 on 1 device")
    assert held_out.startswith("step 6  held out: loss ")
    assert wrote == f"Wrote {trained}/out.keras after 6 steps; the run is in {trained}/out_run."


def test_the_network_is_that_of_the_last_state(trained):
    state = RunFolder(str(trained / "out_run")).state()
    weights = load_network(str(trained / "out.keras")).get_weights()

    assert len(weights) == sum(name.startswith("network ") for name in state)
    for i, values in enumerate(weights):
        np.testing.assert_array_equal(values, state[f"network {i}"].astype(np.float16))


def test_the_recipe_says_how_the_network_was_made(trained, pictures, photos, keras_home):
    recipe = json.loads(read_network_recipe(str(trained / "out.keras")))

    assert recipe["program"] == "train_fast.py"
    settings = recipe["settings"]
    assert (settings["image_size"], settings["style_layers"]) == ([32], ["conv1_1", "conv2_1"])
    assert settings == RunFolder(str(trained / "out_run")).config()["settings"]
    painting = f"{pictures}/painting.png"
    assert recipe["inputs"] == {painting: file_sha256(painting)}
    with np.load(keras_home / "restyle" / "vgg19_normalized.npz") as weights:
        assert recipe["weights"] == {n: str(weights[n]) for n in ("source", "sha256")}
    assert (recipe["photos"]["used"], recipe["steps"]) == (7, 6)
    assert len(recipe["photos"]["sha256 of names and sizes"]) == 64
    last = rows_of(trained / "out_run")[-1]
    for name, value in recipe["held out terms"].items():
        assert value == pytest.approx(float(last[f"held out {name}"]))
    assert {"loss", "content conv2_2", "style conv2_1"} <= recipe["held out terms"].keys()
    assert recipe["versions"].keys() >= {"python", "tensorflow", "keras"}


def test_the_folder_of_the_run_holds_its_course(trained):
    run = trained / "out_run"

    names = {path.name for path in run.iterdir()}
    states = {"state.npz", "state_before.npz"}
    assert names == {"config.json", "metrics.csv", "loss.png", "previews", *states}
    assert counted_in(run, "step") == [1, 2, 3, 4, 5, 6]
    previews = sorted((run / "previews").iterdir())
    assert [path.name for path in previews] == ["000003.jpg", "000006.jpg"]
    assert min(image_size(run / "loss.png")) > 300


def test_the_users_photo_is_in_the_preview(trained, pictures):
    sheet = read_image(trained / "out_run" / "previews" / "000006.jpg").pixels
    photo = read_image(pictures / "photo.png").pixels

    shown = resize(photo, (43, 64))  # Twice as long as a crop; below the heads of the columns.
    assert np.abs(sheet[LINE : LINE + 43, GAP : GAP + 64] - shown).mean() < 0.03
    assert len(sheet) == LINE + GAP + 43 + GAP + 32 + GAP  # And the one that is held out.


def test_without_photos_to_show_there_is_no_preview(make, tmp_path):
    make("--held_out=0", "--steps=1")

    assert not list((tmp_path / "out_run" / "previews").iterdir())
    assert (tmp_path / "out_run" / "loss.png").is_file()


def test_tensorboard_gets_the_curves_and_the_previews(trained):
    curves = board_of(trained / "board")
    table = rows_of(trained / "out_run")
    assert curves.keys() == {*table[0], "images per second", "preview"} - {"step"}
    for name in ("loss", "style conv2_1", "learning rate", "held out loss"):
        expected = {int(row["step"]): float(row[name]) for row in table}
        assert curves[name] == pytest.approx(expected, rel=1e-5), name
    assert curves["preview"].keys() == {3, 6}
    width, height, png = curves["preview"][6]
    sheet = image_size(trained / "out_run" / "previews" / "000006.jpg")
    assert (int(height), int(width)) == sheet and png.startswith(b"\x89PNG")


def test_a_folder_that_tensorboard_cannot_have_is_named(mistake, tmp_path):
    (tmp_path / "file").write_text("mine")

    error = mistake(f"--tensorboard={tmp_path}/file/board", stub=("silent",))
    assert f"'{tmp_path}/file/board' cannot be written" in error


def test_names_from_other_programs_are_accepted(make, quick_training, pictures, photos, tmp_path):
    ours = [a for a in quick_training if not a.startswith(("--style=", "--train_path"))]
    theirs = f"--style-image={pictures}/painting.png --dataset={photos}/ --lr=0.004 --epochs=1"
    theirs += f" --checkpoint-iterations=1 --batch-size=4 --save-model-dir={tmp_path}/run"
    make(*theirs.split(), "--steps=0", usual=ours)

    config = RunFolder(str(tmp_path / "run")).config()["settings"]
    expected = {"learning_rate": 0.004, "save_every": 1, "batch_size": 4}
    assert {name: config[name] for name in expected} == expected
    assert config["style"] == [f"{pictures}/painting.png"]
    assert counted_in(tmp_path / "run", "step") == [1, 2]  # 7 photos once, 4 in a step.


@pytest.mark.parametrize("name", ["checkpoint_dir", "save_model_dir", "checkpoint_model_dir"])
def test_a_folder_for_checkpoints_is_that_of_the_run(mistake, tmp_path, name):
    (tmp_path / "file").write_text("")

    assert f"Cannot make the folder '{tmp_path}/file'" in mistake(f"--{name}={tmp_path}/file")


def test_weights_that_are_not_the_network_are_refused(mistake, tmp_path):
    np.savez(tmp_path / "weights.npz", zeros=np.zeros(3))

    assert "weights.npz" in mistake(f"--vgg_path={tmp_path}/weights.npz", stub=())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("--minutes=1", "both steps and minutes"),
        ("--style_size=48,32", "from small to large"),
        ("--style_size=48.5", "whole numbers"),
        ("--deep_from=0.5", "--deep_from, which does nothing where the deepest layer is"),
        ("--epochs=3", "--epochs, which does nothing beside --steps"),
    ],
)
def test_settings_that_cannot_be_meant(mistake, arguments, said):
    assert said in mistake(arguments, status=2)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("--train_path=gone", "gone"),
        ("--train_path={tmp_path}/empty", "empty"),
        ("--output=out.h5", "End its name with .keras."),
        ("--output={tmp_path}/gone/out.keras", "there is no folder"),
        ("--image_size=100", "none of its 8 pictures can be used"),
        ("--style=gone.png", "gone.png"),
        ("--test=gone.png", "gone.png"),
        ("--start_from=gone", "No network 'gone'"),
    ],
)
def test_settings_that_do_not_fit_the_files(mistake, tmp_path, arguments, said):
    (tmp_path / "empty").mkdir()
    assert said in mistake(arguments.format(tmp_path=tmp_path))
    assert not (tmp_path / "out_run").exists()


def test_a_crop_may_be_as_small_as_the_deepest_layer_needs(mistake):
    with pytest.raises(AssertionError, match="not found in time"):
        mistake("--style_layers=conv5_1", "--style_size=16", "--image_size=16")


@pytest.mark.parametrize(
    ("backend", "said"),
    [
        ("torch", "Got KERAS_BACKEND=torch, expected tensorflow or jax."),
        ("jax", "KERAS_BACKEND=jax needs jax, which is not installed. Run pip install jax"),
    ],
)
def test_a_backend_that_cannot_train_here(mistake, backend, said):
    assert mistake(stub=("nothing_slow", backend, "jax")) == f"error: {said}\n"


@pytest.mark.parametrize("missing", ["--style=", "--train_path="])
def test_a_painting_and_photos_must_be_given(mistake, quick_training, missing):
    less = [argument for argument in quick_training if not argument.startswith(missing)]

    assert "Pass --style painting.jpg --train_path PHOTOS." in mistake(quick=less, status=2)


def test_a_network_of_another_shape_is_no_start(mistake, trained, tmp_path):
    error = mistake(f"--start_from={trained}/out.keras", "--width=3")
    assert "has width 2 and 1 residual blocks. To start from it, pass --width=2" in error
    assert "--start_from=none" in mistake("--start_from=base")


def test_a_trained_network_is_where_another_starts(make, trained):
    started = make("--steps=1", "--learning_rate=1e-30", f"--start_from={trained}/out.keras")

    assert_same_network(started, trained / "out.keras")


def test_a_folder_that_holds_a_run_is_not_taken_by_another(mistake, trained):
    before = (trained / "out_run" / "metrics.csv").read_bytes()

    error = mistake(f"--run_dir={trained}/out_run")
    assert f"already holds a run. Pass --resume={trained}/out_run" in error
    assert (trained / "out_run" / "metrics.csv").read_bytes() == before


@pytest.mark.parametrize("given", ["lr=3", "learning_rate=3", "width=4", "run_dir=new", "style=a"])
def test_a_resumed_run_takes_no_other_setting(mistake, trained, given):
    error = mistake(f"--resume={trained}/out_run", f"--{given}", quick=[], status=2)

    name = {"lr": "learning_rate"}.get(given.split("=")[0], given.split("=")[0])
    assert error.startswith(f"error: Got --{name} together with --resume")


def test_a_run_that_does_not_converge_is_sent_back_and_then_given_up(
    train, quick_training, tmp_path
):
    wild = ["--learning_rate=1e38", "--warmup=0", "--gradient_clip=1e30", "--retries=2"]
    answer = train(*quick_training, *wild, f"--output={tmp_path}/out.keras")

    assert (answer.status, answer.out) == (1, "")
    lines = [line for line in answer.error.splitlines() if "not finite" in line]
    back = "note: the loss was not finite at step 2: back to step 0, with the learning rate at"
    assert lines[:2] == [f"{back} {share} of what was asked" for share in (0.5, 0.25)]
    assert answer.error.splitlines()[-1] == lines[2] and len(lines) == 3
    assert lines[2].startswith("error: ") and "after 2 setbacks" in lines[2]
    assert "lower --learning_rate" in lines[2]
    assert not (tmp_path / "out.keras").exists()


def test_several_style_sizes_give_a_dial_between_their_strokes(make):
    network = load_network(str(make("--style_size=48,64", "--steps=2")))

    photo = np.random.default_rng(0).random((1, 16, 16, 3), np.float32)
    fine, broad = (network(network.config.inputs(photo, stroke=stroke)) for stroke in (0, 1))
    assert network.config.stroke_sizes == (48, 64)
    assert np.abs(fine - broad).max() > 1e-5


def test_the_deepest_style_layer_is_left_out_at_first(make, tmp_path):
    deep = ["--style_layers=conv1_1,conv2_1,conv3_1", "--deep_from=0.5", "--steps=4"]
    make(*deep, "--preview_every=2")

    rows = rows_of(tmp_path / "out_run")
    for n, left_out in ((1, []), (2, []), (3, [1, 2])):
        terms = {int(row["step"]): float(row[f"style conv{n}_1"]) for row in rows}
        assert [step for step, term in terms.items() if np.isnan(term)] == left_out
    assert np.isfinite([float(row["held out style conv3_1"]) for row in rows]).all()
    assert min(image_size(tmp_path / "out_run" / "loss.png")) > 300


def test_a_folder_without_a_run_cannot_be_resumed(mistake, tmp_path):
    assert "holds no run to resume" in mistake(f"--resume={tmp_path}/gone", quick=[])


def test_only_the_norms_of_a_trained_network_can_be_tuned(mistake):
    assert "no network to start from" in mistake("--tune=norms", "--start_from=none")


def test_a_training_starts_from_base_unless_told_otherwise(train, quick_training, tmp_path):
    shape = ("--width", "--residual_blocks")
    small = [argument for argument in quick_training if not argument.startswith(shape)]
    for arguments, start, width in (
        ("", "base", 24),
        ("--start_from=none", "none", 24),
        ("--start_from=wave --nostrength", "wave", 24),
        ("--width=16", "none", 16),
    ):
        answer = train(*small, *arguments.split(), "--dry_run", f"--output={tmp_path}/out.keras")
        assert {f'start_from: "{start}"', f"width: {width}"} <= set(answer.out.splitlines())


@pytest.mark.parametrize("like", ["out.keras", "out_run/config.json"])
def test_a_run_like_another_trains_the_same_network(make, trained, like):
    again = make(f"--like={trained}/{like}", usual=[])
    assert_same_network(again, trained / "out.keras")


def test_a_run_of_an_older_version_is_gone_on_with(make, trained, tmp_path):
    shutil.copytree(trained / "out_run", tmp_path / "run")
    config = json.loads((tmp_path / "run" / "config.json").read_text())["settings"]
    old = {name: config[name] for name in config.keys() - {"formula", "save_every"}}
    old |= {"preset": "restyle", "checkpoint_interval": 2, "style_size": ["64"]}
    (tmp_path / "run" / "config.json").write_text(json.dumps(old))

    gone_on = make(f"--resume={tmp_path}/run", usual=[])
    assert_same_network(gone_on, trained / "out.keras")


def test_a_dry_run_says_what_would_be_done_and_does_nothing(train, quick_training, tmp_path):
    answer = train(
        *quick_training, "--dry_run", f"--output={tmp_path}/out.keras", stub=("nothing_slow",)
    )

    assert (answer.status, answer.error) == (0, "")
    lines = answer.out.splitlines()
    assert {"image_size: [32]", "style_size: [64]", "save_every: 2"} <= set(lines)
    assert lines[-2:] == ["photos: 7 to learn from, 1 held out", "training: 6 steps"]
    assert not list(tmp_path.iterdir())
