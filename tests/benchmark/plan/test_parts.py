"""Parts of a study, variants of models and short keys: what each becomes."""

import pytest

from benchmark.errors import ConfigError
from benchmark.plan.expand import expand
from benchmark.plan.studies import read_study
from benchmark.run.plugins import include_plugins


def only_part(name, overrides):
    (part,) = read_study(name, overrides).parts
    return part


PARTS = """
models: [crnn]
sequence_lengths: [10, 60]
repetitions: 2
set: {training.patience: 3}
also:
  - models: [blstm]
    sequence_lengths: [60]
  - set: {crnn.dropout: 0.5}
"""


def parts_of(tmp_path, overrides):
    path = tmp_path / "parts.yaml"
    path.write_text(PARTS)
    return read_study(str(path), overrides).parts


def test_a_part_takes_the_study_s_keys_and_changes_some(tmp_path):
    base, blstm, dropout = parts_of(tmp_path, {})
    assert (base.models, base.sequence_lengths) == (("crnn",), (10, 60))
    assert (blstm.models, blstm.sequence_lengths) == (("blstm",), (60,))
    assert blstm.repetitions == 2
    assert dropout.set == {"training.patience": 3, "crnn.dropout": 0.5}


def test_the_command_line_wins_over_every_part(tmp_path):
    overrides = {"set": {"training.patience": "7"}, "repetitions": 1}
    for part in parts_of(tmp_path, overrides):
        assert part.repetitions == 1
        assert part.set["training.patience"] == "7"


def test_a_model_that_no_part_names_runs_where_the_study_s_own_do(tmp_path):
    base, dropout = parts_of(tmp_path, {"models": ("crnn_nb",)})
    assert base.models == dropout.models == ("crnn_nb",)
    assert (base.sequence_lengths, dropout.set["crnn.dropout"]) == ((10, 60), 0.5)


def test_models_of_the_command_line_run_in_the_parts_that_name_them(tmp_path):
    (part,) = parts_of(tmp_path, {"models": ("blstm",)})
    assert (part.models, part.sequence_lengths) == (("blstm",), (60,))
    base, blstm, dropout = parts_of(tmp_path, {"models": ("crnn_nb", "blstm", "crnn")})
    assert base.models == dropout.models == ("crnn_nb", "crnn")
    assert blstm.models == ("blstm",)


def test_the_tradeoff_of_one_s_own_model_trains_it_once(users_file, registries):
    include_plugins([users_file])
    (part,) = read_study("tradeoff", {"models": ("tiny_gru",)}).parts
    assert "training.patience" not in part.set
    (ensemble,) = read_study("tradeoff", {"models": ("blstm_ensemble",)}).parts
    assert ensemble.set["training.patience"] == 5


def test_a_variant_is_the_model_with_its_settings_and_the_study_s_win(tmp_path):
    plain_part = only_part("smoke", {"models": ("crnn:keras1",), "set": {"crnn.gru": "torch"}})
    cell = expand(plain_part, "")[-1]
    assert cell.model == "crnn"
    assert cell.settings == {
        "initialisation": "keras1", "batch_norm_momentum": 0.01, "batch_norm_epsilon": 1e-3,
        "max_epochs": 5,
    }  # fmt: skip


def test_a_variant_and_the_settings_it_names_are_the_same_cells():
    by_name = only_part("smoke", {"models": ("blstm_ensemble:mean",)})
    by_hand = only_part(
        "smoke", {"models": ("blstm_ensemble",), "set": {"blstm_ensemble.fusion": "mean"}}
    )
    assert expand(by_name, "")[-1].key == expand(by_hand, "")[-1].key


def test_a_short_key_of_another_dataset_is_refused(tmp_path):
    message = "--resample belongs to dataset 'folder', and the dataset here is 'synthetic'"
    with pytest.raises(ConfigError, match=message):
        read_study("smoke", {"dataset": "synthetic", "resample": True})
    (part,) = read_study("smoke", {"dataset": "folder", "resample": True}).parts
    assert part.set["folder.resample"] is True
    path = tmp_path / "two.yaml"
    path.write_text("models: [crnn]\ndataset: synthetic\nalso: [{dataset: folder}]\n")
    assert len(read_study(str(path), {"resample": True}).parts) == 2


@pytest.mark.parametrize(
    "text",
    [
        "resample: true",
        "also: [{models: [blstm], resample: true}]",
        "dataset: folder\nalso: [{dataset: synthetic, resample: true}]",
    ],
)
def test_a_short_key_of_another_dataset_is_refused_in_a_file_as_well(tmp_path, text):
    path = tmp_path / "mine.yaml"
    path.write_text(f"models: [crnn]\n{text}\n")
    message = r"mine\.yaml: 'resample' belongs to dataset 'folder', .* here is 'synthetic'\. Leave"
    with pytest.raises(ConfigError, match=message):
        read_study(str(path), {})


def test_a_short_key_that_one_part_takes_stays_in_a_file(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("models: [crnn]\nresample: true\nalso: [{dataset: folder}]\n")
    assert [part.set for part in read_study(str(path), {}).parts] == [{"folder.resample": True}] * 2
