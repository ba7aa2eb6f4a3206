"""Names are short and readable; what is too long for a name is said in MLflow's parameters."""

import re

import pytest

from benchmark.record.names import LONGEST, experiment_name, short_name
from benchmark.report.answer import figure_stem
from benchmark.tracking.mirror import LONGEST as LONGEST_PARAMETER
from benchmark.tracking.mirror import Mirror
from benchmark.tracking.records import copy_record, parameters
from tests.made_up_records import make_record
from tests.made_up_rows import make_table

MANY = list(range(1, 151))
DEVELOPMENT = {"development": MANY, "evaluation": [151]}
LISTED = {"development": str(MANY), "evaluation": "[151, 152]"}  # text, as former versions kept it


@pytest.mark.parametrize("options", [DEVELOPMENT, LISTED])
def test_lists_of_songs_stay_out_of_an_experiments_name(options):
    record = make_record(dataset="deam", dataset_options=options, dataset_digest="3d6051c7" * 8)
    left = "evaluation=151-" if options is DEVELOPMENT else ""
    assert experiment_name(record) == f"deam-{left}3d6051c7-six"


@pytest.mark.parametrize("value", ["/etc/passwd", "../../x", "a:b", "a\\b", "x" * 33, "\udc80", ""])
def test_an_option_that_no_file_name_takes_is_replaced_by_the_digest_of_the_songs(value):
    record = make_record(dataset_options={"labels": "deam", "path": value})
    assert experiment_name(record) == "tiny-deam-dddddddd-six"


def test_what_stays_out_of_the_name_stands_in_the_parameters():
    record = make_record(dataset="deam", dataset_options=DEVELOPMENT)
    assert parameters(record)["dataset.development"] == MANY


def test_names_that_are_short_and_plain_stay_as_they_are():
    assert short_name("deam", "scale=1,9", "", "song_means") == "deam-scale=1,9-song_means"
    assert short_name("músic", "a.csv") == "músic-a.csv"


@pytest.mark.parametrize(
    "parts", [("../..", "x"), ("..",), (".",), ("a b",), ("a/b",), ("ü" * 200,), ("x" * 500,),
              ("\udc80",), ("a\n", "b"), ("CON:",)],
)  # fmt: skip
def test_any_other_name_becomes_one_that_a_folder_and_mlflow_take(parts):
    name = short_name(*parts)
    assert re.fullmatch(r"[\w.,=+-]+-[0-9a-f]{8}", name)
    assert len(name.encode()) <= LONGEST + 9


def test_different_names_stay_different():
    wholes = [("a/b",), ("a_b",), ("a:b",), ("x" * 500,), ("x" * 501,)]
    assert len({short_name(*one) for one in wholes}) == len(wholes)


def test_a_figure_of_a_dataset_with_an_odd_name_stays_in_its_folder():
    table = make_table(make_record(dataset="../../../OUT"))
    stem = figure_stem("mine", table)
    assert re.fullmatch(r"mine-\.\._\.\._\.\._OUT-six-dddddddd-[0-9a-f]{8}", stem)


def test_songs_beyond_what_mlflow_takes_are_cut_in_its_copy_alone(tmp_path):
    record = make_record(dataset_options={"development": list(range(10_000, 12_000))})
    mirror = Mirror(tmp_path)
    copy_record(mirror, record)
    run = mirror.client.get_run(mirror.copies["cell", record.cell, ""].run_id)
    assert len(run.data.params["dataset.development"]) == LONGEST_PARAMETER
    assert run.data.params["dataset.development"].startswith("[10000, 10001, ")
