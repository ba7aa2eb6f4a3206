"""`data` and `predict` as a user types them, on ten real clips with their real annotations."""

import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest

from datasets.audio import read_samples
from datasets.features.cache import AUDIO
from tests.benchmark.cli.cli import mer_here, mer_once
from tests.sounds import write_tone

DEVELOPMENT, EVALUATION = (2, 3, 4, 5, 7, 8, 10, 12), (13, 17)
HELD_OUT = "13.mp3"
TOLD = "songs: 10 extracted, 0 kept, 0 damaged; features: baseline, logmel\n"


def split(dataset: str) -> list[str]:
    """Return the options that choose the ten clips' split."""
    sides = {"development": DEVELOPMENT, "evaluation": EVALUATION}
    return [
        part
        for side, ids in sides.items()
        for part in ("--set", f"{dataset}.{side}={','.join(map(str, ids))}")
    ]


@pytest.fixture(scope="module")
def ten_clips(real_data, tmp_path_factory):
    """Return a DEAM folder of the ten real clips, their features extracted by command."""
    root = tmp_path_factory.mktemp("ten")
    for folder in ("DEAM/annotations", "DEAM/MEMD_audio"):
        shutil.copytree(real_data / folder, root / folder)
    done = mer_once("data", "extract", "--features", "baseline,logmel", "--data-root", root)
    assert (done.returncode, done.stdout[: len(TOLD)]) == (0, TOLD)
    speed = re.fullmatch(
        r"(.+) s of sound in (.+) s: (.+) times real time\n", done.stdout[len(TOLD) :]
    )
    sound, seconds, times = (float(text.replace(",", "")) for text in speed.groups())
    assert sound == pytest.approx(450, rel=0.02)  # ten clips of 45 s
    assert times == pytest.approx(sound / seconds, rel=0.05, abs=0.06)  # all three are rounded
    assert "research and other non-commercial use" in done.stderr  # openSMILE's licence
    return root


@pytest.fixture(scope="module")
def trained(ten_clips, tmp_path_factory):
    """Train CRNN on both feature sets of the real clips, two repetitions each."""
    results = tmp_path_factory.mktemp("results")
    for features in ("baseline", "logmel"):
        done = mer_once(
            "run", "--models", "crnn", "--dataset", "deam", "--features", features, *split("deam"),
            "--repetitions", 2, "--max-epochs", 3, "--executor", "inline", "--data-root", ten_clips,
            "--results", results / features,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    return results


@pytest.mark.parametrize(("features", "n_features"), [("baseline", 260), ("logmel", 64)])
def test_real_clips_go_from_audio_to_records(trained, features, n_features):
    records = [
        json.loads(path.read_text())
        for path in sorted((trained / features / "records").glob("*/crnn-*.json"))
    ]
    assert len(records) == 2
    for record in records:
        assert record["n_features"] == n_features
        assert record["n_songs"] == {"development": 8, "evaluation": 2}
        assert record["per_song"]["song_id"] == ["13", "17"]
        assert record["per_song"]["n_frames"] == [60, 60]
        assert 0 < record["scores"]["rmse_average"] < 1


@pytest.mark.parametrize("features", ["baseline", "logmel"])
def test_a_held_out_clip_is_predicted_from_the_audio_alone(
    trained, real_data, tmp_path, capfd, features
):
    """From second 15 on, what is heard must be near what the record says: the windows differ."""
    done = mer_here(
        capfd, "predict", real_data / AUDIO / HELD_OUT, "--model", "crnn",
        "--results", trained / features, "--out", tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("13.mp3: 45.0 s, valence ")
    assert "crnn-L10, 2 repetitions" in done.stdout
    table = pd.read_csv(tmp_path / "13.csv")
    assert list(table.columns) == [
        "seconds", "valence", "valence_low", "valence_high",
        "arousal", "arousal_low", "arousal_high",
    ]  # fmt: skip
    assert table["seconds"].tolist() == [0.5 * frame for frame in range(90)]
    assert (tmp_path / "13.png").stat().st_size > 10_000
    assert (table["valence_low"] <= table["valence"]).all()
    assert (table["valence"] <= table["valence_high"]).all()
    kept = [
        np.load(path)["13"]
        for path in sorted((trained / features / "predictions").glob("*/crnn-*.npz"))
    ]
    # 60 frames from second 15: windows of ten frames begin at the same places in both
    heard = table[["valence", "arousal"]].to_numpy()[30:]
    assert heard == pytest.approx(np.mean(kept, axis=0), abs=1e-5)


def test_other_formats_of_a_clip_are_heard_alike_and_a_damaged_one_stops_nothing(
    trained, real_data, tmp_path, capfd
):
    import soundfile

    samples = read_samples(real_data / AUDIO / HELD_OUT)
    soundfile.write(tmp_path / "stereo.flac", np.stack([samples, samples], axis=1), 44_100)
    (tmp_path / "broken.mp3").write_text("no sound")
    done = mer_here(
        capfd, "predict", tmp_path / "broken.mp3", tmp_path / "stereo.flac",
        real_data / AUDIO / HELD_OUT, "--results", trained / "logmel", "--model", "crnn",
        "--out", tmp_path / "out", "--json",
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("error: Audio")
    assert "broken.mp3 cannot be decoded" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    first, second = (pd.read_csv(one["csv"]) for one in json.loads(done.stdout))
    assert first.to_numpy() == pytest.approx(second.to_numpy(), abs=0.02)


def test_predict_needs_to_know_one_kind_of_model(trained, tmp_path, capfd):
    clip = write_tone(tmp_path / "a.wav", 2)
    kept = sorted((trained / "logmel" / "weights").glob("*/*.safetensors"))
    (crnn, linear) = (next(p for p in kept if p.name.startswith(n)) for n in ("crnn", "linear"))
    twice = ("--record", crnn, "--record", crnn)
    results = ("--results", trained / "logmel", "--out", tmp_path)
    for arguments, message in (
        ((clip, *results), "weights of 4 models. Name one with --model"),
        ((clip, "--model", "blstm", *results), "has no weights of blstm"),
        ((clip, "--model", "crnn", "--record", "x", *results), "--model or --record, not both"),
        ((clip, tmp_path / "b" / "a.wav", *results), "Two recordings are called a"),
        ((clip, "--results", tmp_path / "none"), "No results folder"),
        ((clip, "--results", tmp_path / "none"), "run --dataset folder --features logmel"),
        ((tmp_path / "none.mp3", "--results", tmp_path / "none"), "No audio file"),
        ((tmp_path / "none.mp3", "--model", "crnn", *results), "No audio file"),
        ((tmp_path, "--model", "crnn", *results), "is a folder; give a file"),
        ((clip, "--record", tmp_path, *results), "is a folder; give a record (.json)"),
        ((clip, "--record", clip, *results), "a.wav is damaged or holds no weights"),
        ((clip, *twice, *results), "A record is named twice"),
        ((clip, "--record", crnn, "--record", linear, *results), "in more than the repetition"),
        ((clip, "--out", clip), "--out"),
    ):
        done = mer_here(capfd, "predict", *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert message in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_the_paper_s_dataset_reads_real_audio_under_its_own_name(
    ten_clips, tmp_path, capfd, monkeypatch
):
    """`mediaeval2015` needs 489 songs; here its lists of ids are those of the ten clips."""
    monkeypatch.setattr("datasets.mediaeval2015.development_ids", lambda: list(DEVELOPMENT))
    monkeypatch.setattr("datasets.mediaeval2015.EVALUATION_IDS", EVALUATION)
    for features in ("baseline", "logmel"):
        done = mer_here(
            capfd, "run", "--models", "linear", "--dataset", "mediaeval2015",
            "--features", features, "--data-root", ten_clips, "--executor", "inline", "--json",
            "--results", tmp_path,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        (row,) = [row for row in json.loads(done.stdout)["rows"] if row["model"] == "linear"]
        assert (row["dataset"], row["features"], row["n_cells"]) == ("mediaeval2015", features, 1)


def test_a_split_may_have_one_song_on_a_side(ten_clips, tmp_path, capfd):
    done = mer_here(
        capfd, "run", "--models", "constant", "--dataset", "deam", "--features", "logmel",
        *split("deam")[:2], "--set", "deam.evaluation=17", "--json", "--executor", "inline",
        "--data-root", ten_clips, "--results", tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    done = mer_here(
        capfd, "run", "--models", "constant", "--dataset", "deam", "--features", "logmel",
        "--set", "deam.development=2,18", "--set", "deam.evaluation=17,", "--dry-run",
        "--data-root", ten_clips, "--results", tmp_path,
    )  # fmt: skip
    assert done.returncode == 2
    assert "Song 18 has no features logmel yet" in done.stderr
    assert "data download audio" in done.stderr


def test_list_verify_and_import_tell_what_is_there(ten_clips, tmp_path, capfd):
    listed = mer_here(capfd, "data", "list", "--data-root", ten_clips, "--json")
    counts = {piece["name"]: piece["n_files"] for piece in json.loads(listed.stdout)}
    assert (counts["audio"], counts["extracted logmel"], counts["features"]) == (10, 10, 0)
    verified = mer_here(capfd, "data", "verify", "--data-root", ten_clips)
    assert verified.returncode == 1
    assert "lacks 1,792 of 1,802 annotated songs" in verified.stdout
    imported = mer_here(capfd, "data", "import", ten_clips, "--data-root", tmp_path / "new")
    assert imported.returncode == 0
    assert "10 files of MEMD_audio, 4 files of annotations" in imported.stdout


def test_mistakes_in_data_commands_are_one_line(tmp_path, capfd):
    (tmp_path / "file").write_text("")
    root = ("--data-root", tmp_path / "data")
    (tmp_path / "empty" / AUDIO).mkdir(parents=True)
    for arguments, message in (
        (("list",), "Give --data-root DIR or set MER_DATA"),
        (("verify", *root), "Nothing of DEAM is in"),
        (("import", tmp_path / "nothing", *root), "There is no"),
        (("import", tmp_path / "file", *root), "neither a folder nor a whole zip file"),
        (("extract", *root), "MEMD_audio is missing"),
        (("extract", "--features", "logmell", *root), "Did you mean 'logmel'"),
        (("extract", "--features", "song_means", *root), "not one of baseline, logmel, logmel32"),
        (("download", "everything", *root), "not one of annotations, features, audio, metadata"),
        (("list", "--data-root", tmp_path / "file"), "is a file; give a folder"),
        (("download", "--mirror", "/my/copy", *root), "is no http address"),
        (("extract", "--data-root", tmp_path / "empty"), "holds no recordings"),
    ):
        done = mer_here(capfd, "data", *arguments)
        assert done.returncode == 2, arguments
        assert message in done.stderr
        assert done.stderr.count("error:") == 1
        assert "Traceback" not in done.stderr
