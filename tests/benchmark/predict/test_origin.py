"""Whether a recording's features would be those that a model learned from, without any model."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmark.errors import ConfigError
from benchmark.predict.origin import check_origin, library_warning
from datasets import midi
from datasets.features.logmel import extractor

FONT, OTHER_FONT = ("FluidSynth 2.3.1 with F.sf2 aaaaaaaa", "FluidSynth 2.3.1 with F.sf2 bbbbbbbb")
LIBRARY = extractor().made_by()


@pytest.mark.parametrize(
    ("learned", "audio", "differs"),
    [
        (LIBRARY, "a.wav", False),
        ("librosa 0", "a.wav", True),
        (f"{LIBRARY}, {FONT}", "a.mid", False),
        (f"{LIBRARY}, {OTHER_FONT}", "a.mid", True),
        (f"librosa 0, {FONT}", "a.mid", True),
        (f"{LIBRARY}, {OTHER_FONT}", "a.wav", False),  # nothing is rendered
        (LIBRARY, "a.mid", False),  # nothing was
    ],
)
def test_a_library_is_compared_always_and_a_renderer_where_both_have_one(
    learned, audio, differs, monkeypatch
):
    monkeypatch.setattr(midi, "rendered_by", lambda: FONT)
    here = f"{LIBRARY}, {FONT}" if audio == "a.mid" else LIBRARY
    text = library_warning("crnn", {f"logmel-0 by {learned}"}, Path(audio), extractor())
    sentence = (
        f"crnn was trained on features made by {learned}, here {here} makes them: numbers may"
        " differ."
    )
    assert text == (sentence if differs else "")


@pytest.mark.parametrize(
    ("dataset", "advice"),
    [
        ("synthetic", "dataset synthetic are not made from audio, .* mediaeval2015, deam, vgmidi"),
        ("hers", "Dataset hers is not one of this suite: .* --include FILE.py as well"),
        ("deam", "Move the official files .* extract --dataset deam --features logmel --data-root"),
    ],
)
def test_features_that_others_made_lead_to_features_from_audio(dataset, advice):
    cell = SimpleNamespace(dataset=dataset, features="logmel")
    weights = SimpleNamespace(cell=cell, features_made_by="", n_features=64)
    with pytest.raises(ConfigError, match=advice):
        check_origin(weights, Path("w.safetensors"), extractor())
