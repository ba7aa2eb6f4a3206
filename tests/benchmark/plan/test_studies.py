import pytest

from benchmark.errors import ConfigError, UnknownNameError
from benchmark.plan.config import TrainingConfig, resolve
from benchmark.plan.expand import expand
from benchmark.plan.studies import named_studies, read_study
from models.registry import MODELS


def names(cells):
    return [cell.name for cell in cells]


@pytest.mark.parametrize("name", named_studies())
def test_every_named_study_can_be_read(name):
    study = read_study(name, {})
    assert study.summary
    assert expand(study, "digest")


def test_smoke_is_listed_first():
    assert next(iter(named_studies())) == "smoke"


def test_the_command_line_wins_over_the_file():
    study = read_study("smoke", {"repetitions": 4, "models": ("crnn",), "seed": None})
    assert (study.repetitions, study.models, study.seed) == (4, ("crnn",), 2017)


def test_floor_rows_join_every_study_once():
    study = read_study("smoke", {"models": ("linear", "crnn"), "repetitions": 2})
    assert names(expand(study, "")) == ["constant-r1", "linear-r1", "crnn-L10-r1", "crnn-L10-r2"]


def test_models_without_a_sequence_length_run_once_for_all_lengths():
    lengths = {"sequence_lengths": (10, 60), "repetitions": 1}
    study = read_study("smoke", {"models": ("crnn", "blstm_ensemble"), **lengths})
    assert names(expand(study, ""))[2:] == ["crnn-L10-r1", "crnn-L60-r1", "blstm_ensemble-r1"]


def test_a_cell_carries_its_complete_configuration_and_what_is_not_default():
    study = read_study("smoke", {"models": ("crnn",), "set": {"crnn.dropout": "0.5"}})
    cell = expand(study, "")[-1]
    assert cell.config["dropout"] == 0.5
    assert cell.config["channels"] == 8
    assert cell.settings == {"dropout": 0.5, "max_epochs": 5}


def test_max_epochs_is_short_for_the_training_setting():
    study = read_study("smoke", {"max_epochs": 3})
    assert resolve(study, "training", TrainingConfig).max_epochs == 3


def test_a_study_file_may_use_the_options_own_spelling(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("models: [crnn]\nsequence-lengths: [20]\nset: {training.patience: 3}\n")
    study = read_study(str(path), {})
    assert (study.name, study.sequence_lengths) == ("mine", (20,))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("models: [crnn]\nrepetitons: 3", "no option 'repetitons'. Did you mean 'repetitions'"),
        ("models: [crnn]\nrepetitions: -1", "repetitions=-1: .*greater than or equal to 1"),
        ("models: [crnn]\nrepetitions: many", "repetitions='many'"),
        ("models: []", r"models=.*at least 1"),
        ("models: [crnn, crnn]", "models names something twice: crnn,crnn"),
        ("models: [crn]", "No model is called 'crn'. Did you mean 'crnn'"),
        ("models: [crnn]\ndataset: synthtic", "No dataset .*Did you mean 'synthetic'"),
        ("models: [crnn]\nfeatures: logmell", "no features 'logmell'. Did you mean 'logmel'"),
        ("models: [crnn]\nsequence_lengths: [0]", "sequence_lengths.0=0"),
        ("models: [crnn]\nset: {crnn.dropuot: 0.5}", "crnn has no option 'dropuot'. Did you"),
        ("models: [crnn]\nset: {crnn.dropout: 2}", "crnn: dropout=2: .*less than 1"),
        ("models: [crnn]\nset: {crn.dropout: 2}", "'crn' is neither .* Did you mean 'crnn'"),
        ("models: [crnn]\nset: {dropout: 2}", "'dropout' has no dot"),
        ("models: [crnn]\nset: {training.patiense: 2}", "Did you mean 'patience'"),
        ("models: [crnn]\nset: {constant.x: 2}", "'constant' has no options, got x"),
        ("models: [crnn]\nset: {synthetic.size: huge}", "'small' or 'full'"),
        ("models: [crnn", "is not YAML"),
        ("just text", "must hold keys"),
    ],
)
def test_a_wrong_study_is_explained(tmp_path, text, message):
    path = tmp_path / "wrong.yaml"
    path.write_text(text)
    with pytest.raises((ConfigError, UnknownNameError), match=message):
        expand(read_study(str(path), {}), "digest")


def test_a_missing_study_is_explained(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        read_study(str(tmp_path / "none.yaml"), {})
    with pytest.raises(UnknownNameError, match="Did you mean 'smoke'"):
        read_study("smokes", {})


def test_every_model_of_the_registry_has_a_configuration_that_can_be_changed_by_name():
    for name in MODELS:
        study = read_study("smoke", {"models": (name,)})
        assert expand(study, "")[-1].model
