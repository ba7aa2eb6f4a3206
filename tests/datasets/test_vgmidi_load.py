"""VGMIDI from MIDI files to a split and to records, on a small copy with an evaluation game."""

import json
from pathlib import Path

import numpy as np
import pytest

from datasets import vgmidi
from datasets.contract import FRAME_SECONDS, DatasetError
from datasets.features.cache import kept_file, read_extracted, write_rows
from datasets.features.extract import extract_all
from datasets.features.registry import extractor_for
from datasets.vgmidi import KEPT_IN, VGMIDIOptions, load, recordings
from datasets.vgmidi_files import FOLDER, read_pieces
from tests.benchmark.cli.cli import mer_here
from tests.vgmidi_folder import ratings, write_copy, write_midi, write_ratings

THIRD_GAME = "Gamma_PS1_Game Three_Fourth.mid"
EXTRACTOR = extractor_for("logmel")


@pytest.fixture(scope="module")
def data(tmp_path_factory, fluidsynth):
    """Return a data folder with four made-up pieces of three games and their bands."""
    root = tmp_path_factory.mktemp("vgmidi")
    write_copy(root / FOLDER)
    table = ratings(2)
    table["pieces"]["piece1"] = table["pieces"]["piece0"] | {"midi": THIRD_GAME}
    table["annotations"] |= {
        name.replace("piece0", "piece1"): series for name, series in table["annotations"].items()
    }
    write_ratings(root / FOLDER, 2, table)
    write_midi(root / FOLDER / "midi" / THIRD_GAME, [0.2, 1.0, 2.2])
    outcome = extract_all(root, recordings(root), ["logmel"], kept_in=KEPT_IN)
    assert [one.status for one in outcome] == ["extracted"] * 4
    return root


def extracted(root, piece):
    """Return the file of a piece's bands."""
    return kept_file(root, f"{KEPT_IN}/{Path(piece.midi).stem}", EXTRACTOR)


@pytest.fixture(autouse=True)
def beta_is_for_evaluation(monkeypatch):
    monkeypatch.setattr(vgmidi, "evaluation_games", lambda: frozenset({"Beta_NES_Game Two"}))


def test_games_are_families_and_never_on_both_sides(data):
    split = load(VGMIDIOptions(), "logmel", data)
    assert [song.song_id for song in split.songs] == [
        "r1_piece0",
        "r1_piece1",
        "r2_piece1",
        "r2_piece0",
    ]
    assert {song.family for song in split.development} == {
        "Alpha_PC_Game One",
        "Gamma_PS1_Game Three",
    }
    assert {song.family for song in split.evaluation} == {"Beta_NES_Game Two"}


def test_frames_carry_their_bands_their_raters_and_the_label_at_their_end(data):
    """The third rater's arousal is -.2, 0 and .2 at the ends of three measures."""
    (song,) = load(VGMIDIOptions(), "logmel", data).evaluation
    kept = extracted(data, read_pieces(data)[2])
    assert (song.features == read_extracted(kept, EXTRACTOR).rows_NF[: song.n_frames]).all()
    assert song.raters.curves_RT2.shape == (3, song.n_frames, 2)
    assert song.annotations == pytest.approx(song.raters.mean(), abs=1e-7)
    seconds = 3.7  # the last note begins at 3.5 s and lasts .2 s
    ends = song.times + FRAME_SECONDS
    between = np.interp(ends, [seconds / 3, 2 * seconds / 3, seconds], [-0.2, 0.0, 0.2])
    assert song.raters.curves_RT2[2, :, 1] == pytest.approx(between, abs=1e-6)


def test_the_split_says_what_made_its_features(data):
    made_by = load(VGMIDIOptions(), "logmel", data).made_by
    assert made_by.startswith(f"logmel-{EXTRACTOR.digest()} by librosa ")
    assert "FluidSynth" in made_by


def test_features_of_two_renderings_are_never_mixed(data):
    kept = extracted(data, read_pieces(data)[0])
    before, file = kept.read_bytes(), read_extracted(kept, EXTRACTOR)
    libraries = "librosa 0, FluidSynth 1.0 with Other.sf2 00000000"
    write_rows(kept, file.rows_NF, file.audio_sha256, EXTRACTOR, libraries)
    with pytest.raises(DatasetError, match=r"made by different programs .*: python -m benchmark"):
        load(VGMIDIOptions(), "logmel", data)
    kept.write_bytes(before)


def test_a_run_on_it_records_families_the_raters_ceiling_and_what_made_the_features(
    data, tmp_path, capfd, monkeypatch
):
    done = mer_here(
        capfd, "run", "--models", "constant", "--dataset", "vgmidi", "--features", "logmel",
        "--data-root", data, "--results", tmp_path, "--executor", "inline", "--json",
    )  # fmt: skip
    rows = json.loads(done.stdout)["rows"]
    assert [row["model"] for row in rows][:1] == ["constant"]
    (path,) = tmp_path.glob("records/*/constant-*.json")
    record = json.loads(path.read_text())
    assert record["per_song"]["family"] == ["Beta_NES_Game Two"]
    # halves of three raters are single raters, here .1 or .2 apart
    ceiling = record["references"]["raters' ceiling"]["rmse_valence"]
    assert 0.1 / np.sqrt(2) < ceiling < 0.2 / np.sqrt(2)
    assert record["circumstances"]["features_made_by"].startswith("logmel-")
