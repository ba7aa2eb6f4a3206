import pytest

from benchmark.errors import USER_ERRORS, ConfigError, UnknownNameError
from benchmark.plan.config import TrainingConfig, resolve
from benchmark.plan.expand import expand
from benchmark.plan.studies import named_studies, read_study
from models.registry import MODELS


def only_part(name, overrides):
    (part,) = read_study(name, overrides).parts
    return part


def names(cells):
    return [cell.name for cell in cells]


@pytest.mark.parametrize("name", named_studies())
def test_every_named_study_can_be_read(name):
    study = read_study(name, {})
    assert all(part.summary for part in study.parts)
    assert all(expand(part, "digest") for part in study.parts)


def test_smoke_and_compare_are_listed_first():
    assert list(named_studies())[:2] == ["smoke", "compare"]
    assert len(set(named_studies())) == len(list(named_studies()))


def test_compare_trains_one_s_own_model_in_full_and_five_times():
    cells = expand(only_part("compare", {"models": ("crnn",), "dataset": "deam"}), "")
    assert names(cells)[3:] == [f"crnn-L10-r{n}" for n in range(1, 6)]
    assert cells[-1].settings == {}  # nothing but defaults: up to 100 epochs, patience 10


def test_the_command_line_wins_over_the_file():
    study = only_part("smoke", {"repetitions": 4, "models": ("crnn",), "seed": None})
    assert (study.repetitions, study.models, study.seed) == (4, ("crnn",), 2017)


def test_floor_rows_join_every_study_once():
    study = only_part("smoke", {"models": ("linear", "crnn"), "repetitions": 2})
    assert names(expand(study, "")) == [
        "constant-r1", "context-r1", "linear-r1", "crnn-L10-r1", "crnn-L10-r2",
    ]  # fmt: skip


def test_models_without_a_sequence_length_run_once_for_all_lengths():
    lengths = {"sequence_lengths": (10, 60), "repetitions": 1}
    study = only_part("smoke", {"models": ("crnn", "blstm_ensemble"), **lengths})
    assert names(expand(study, ""))[3:] == ["crnn-L10-r1", "crnn-L60-r1", "blstm_ensemble-r1"]


def test_a_cell_carries_its_complete_configuration_and_what_is_not_default():
    study = only_part("smoke", {"models": ("crnn",), "set": {"crnn.dropout": "0.5"}})
    cell = expand(study, "")[-1]
    assert cell.config.dropout == 0.5
    assert cell.config.channels == 8
    assert cell.settings == {"dropout": 0.5, "max_epochs": 5}


def test_max_epochs_is_short_for_the_training_setting():
    study = only_part("smoke", {"max_epochs": 3})
    assert resolve(study, "training", TrainingConfig).max_epochs == 3


def test_max_epochs_of_the_command_line_wins_however_it_is_written():
    short = only_part("smoke", {"set": {"training.max_epochs": "60"}})
    assert resolve(short, "training", TrainingConfig).max_epochs == 60


def test_a_model_s_option_may_not_be_called_like_one_of_training(registries):
    from dataclasses import dataclass

    from models.registry import ModelEntry

    @dataclass
    class Config:
        batch_size: int = 1

    class Mine:
        pass

    Mine.Config = Config
    MODELS["mine"] = ModelEntry(target=Mine, summary="clashes with training.batch_size")
    with pytest.raises(ConfigError, match=r"'mine' has options called .*: batch_size"):
        expand(only_part("smoke", {"models": ("mine",)}), "")


def test_an_option_without_a_default_always_shows(registries):
    from dataclasses import dataclass

    from models.registry import ModelEntry

    @dataclass
    class Config:
        width: int

    class Mine:
        pass

    Mine.Config = Config
    MODELS["mine"] = ModelEntry(target=Mine, summary="needs a width")
    part = only_part("smoke", {"models": ("mine",), "set": {"mine.width": "8"}})
    assert expand(part, "")[-1].settings["width"] == 8


def test_a_study_file_may_use_the_options_own_spelling(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("models: [crnn]\nsequence-lengths: [20]\nset: {training.patience: 3}\n")
    study = only_part(str(path), {})
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
        ("models: [crnn:keras2]", "No model is called 'crnn:keras2'. Did you mean 'crnn:keras1'"),
        ("models: [crnn]\nset: {protocol.folds: 1}", "protocol: folds.*greater than or equal to 2"),
        ("models: [crnn]\nset: {protocol.selection: best}", "'held_out', 'evaluation' or 'last'"),
        ("models: [crnn]\nset: {training.validation_fraction: 0}", "leaves no songs to stop on"),
        ("models: [blstm_ensemble]\nset: {blstm_ensemble.layers: 1}", "exceeds layers=1"),
        ("models: [crnn]\nalso: {models: [blstm]}", "'also' must list mappings"),
        ("models: [crnn]\nalso: 0", "'also' must list mappings"),
        ("models: [crnn]\nset: [1, 2]", "'set' must map settings to values"),
        ("models: [crnn]\nalso: [{set: crnn.dropout=0.5}]", "'set' must map settings to values"),
        ("models: [crnn]\nset: {crnn.l1: .inf}", "crnn: l1=inf: give a finite number"),
        ("models: [blstm]\nset: {crnn.dropuot: 1}", "Did you mean 'dropout'"),
        ("models: [crnn]\nname: ../elsewhere", "name='../elsewhere'"),
        ("models: [crnn]\nalso: [{modles: [blstm]}]", "Did you mean 'models'"),
        ("models: [crnn", "is not YAML"),
        ("just text", "must hold keys"),
    ],
)
def test_a_wrong_study_is_explained(tmp_path, text, message):
    path = tmp_path / "wrong.yaml"
    path.write_text(text)
    with pytest.raises((ConfigError, UnknownNameError), match=message):
        expand(only_part(str(path), {"set": {}}), "digest")


def test_a_missing_study_is_explained(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        read_study(str(tmp_path / "none.yaml"), {})
    with pytest.raises(UnknownNameError, match="Did you mean 'smoke'"):
        read_study("smokes", {})


def test_every_model_of_the_registry_has_a_configuration_that_can_be_changed_by_name():
    for name in MODELS:
        study = only_part("smoke", {"models": (name,)})
        assert expand(study, "")[-1].model


def test_the_protocol_is_part_of_a_cell_and_floors_know_only_its_folds():
    overrides = {"protocol.selection": "evaluation", "protocol.folds": "5"}
    cells = expand(only_part("smoke", {"models": ("crnn",), "set": overrides}), "")
    constant, crnn = cells[0], cells[-1]
    assert constant.plain()["protocol"] == {
        "selection": "held_out",
        "folds": 5,
        "fold_over": "development",
        "test_sequence_length": None,
    }
    assert crnn.settings == {"selection": "evaluation", "folds": 5, "max_epochs": 5}


def test_no_option_of_training_or_protocol_hides_one_of_a_model():
    from dataclasses import fields

    from benchmark.plan.protocol import ProtocolConfig

    shared = [one.name for one in [*fields(TrainingConfig), *fields(ProtocolConfig)]]
    assert len(set(shared)) == len(shared)
    for row in MODELS.values():
        own = fields(row.load().Config) if hasattr(row.load(), "Config") else ()
        assert not {one.name for one in own} & set(shared)


def test_a_study_declares_which_rows_it_compares(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("models: [crnn]\ncontrasts: [[crnn, linear], ['crnn,L=10 ', largest]]\n")
    assert read_study(str(path), {}).contrasts == (("crnn", "linear"), ("crnn, L=10", "largest"))
    assert read_study("smoke", {}).contrasts is None


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("[crnn, linear]", r"must list pairs of rows, .* got 'crnn'"),
        ("[[crnn]]", r"must list pairs of rows, .* got \['crnn'\]"),
        ("[[crn, linear]]", "No model is called 'crn'. Did you mean 'crnn'"),
        ("[[crnn, 7]]", "must list pairs of rows"),
    ],
)
def test_contrasts_that_name_no_rows_are_explained(tmp_path, written, message):
    path = tmp_path / "mine.yaml"
    path.write_text(f"models: [crnn]\ncontrasts: {written}\n")
    with pytest.raises(USER_ERRORS, match=message):
        read_study(str(path), {})


@pytest.mark.parametrize(
    ("key", "meant"), [("also_", "also"), ("contrast", "contrasts"), ("max_epoch", "max_epochs")]
)
def test_a_misspelt_key_is_told_with_the_one_that_was_meant(tmp_path, key, meant):
    path = tmp_path / "mine.yaml"
    path.write_text(f"models: [crnn]\n{key}: 1\n")
    with pytest.raises(ConfigError, match=f"no option '{key}'. Did you mean '{meant}'"):
        read_study(str(path), {})


@pytest.mark.parametrize("name", ["nan", "inf", "Infinity"])
def test_a_model_and_a_study_may_have_the_name_of_no_finite_number(tmp_path, registries, name):
    MODELS[name] = MODELS["crnn"]
    part = only_part("smoke", {"models": (name,), "name": name})
    assert (part.name, part.models) == (name, (name,))
    with pytest.raises(ConfigError, match=f"crnn: l1={name}: give a finite number"):
        expand(only_part("smoke", {"models": ("crnn",), "set": {"crnn.l1": name}}), "digest")
