"""A table says when its rows were trained on several kinds of hardware, and else nothing."""

from benchmark.analysis.hardware import hardware_note
from benchmark.report.views.scores import main_grid
from benchmark.train.device import gpu_of
from tests.made_up_records import make_record
from tests.made_up_rows import make_table

EPYC = {"commit": "abc", "processor": "AMD EPYC", "cores": 2}
XEON = {"commit": "abc", "processor": "Intel Xeon", "cores": 16}


def trained_on(repetition, environment, **further):
    record = make_record(repetition=repetition)
    record.circumstances.update({"environment": environment} | further)
    return record


def note_of(*records):
    return hardware_note(make_table(*records).rows)


def test_one_kind_of_hardware_needs_no_note():
    assert note_of(trained_on(1, EPYC), trained_on(2, EPYC)) == []
    assert note_of(make_record()) == []


def test_several_kinds_are_counted_the_most_frequent_first():
    gpu = {"device": "cuda", "gpu": "NVIDIA H200"}
    records = [trained_on(1, XEON), trained_on(2, EPYC), trained_on(3, EPYC)]
    table = make_table(*records, trained_on(4, XEON, **gpu), trained_on(5, EPYC, **gpu))
    note = (
        "Cells of several kinds of hardware, whose times do not compare: AMD EPYC, 2 cores (n 2);"
        " cuda, NVIDIA H200 (n 2); Intel Xeon, 16 cores (n 1)."
    )
    assert note in main_grid(table).notes


def test_many_kinds_and_a_strangers_names_stay_short():
    (note,) = note_of(*(trained_on(n, EPYC | {"cores": n}) for n in range(1, 8)))
    assert note.endswith("AMD EPYC, 4 cores (n 1); 3 more.")
    (note,) = note_of(
        make_record(), trained_on(2, {"commit": "a", "processor": "\x1b" + "x" * 999})
    )
    assert note.isprintable() and len(note) < 200


def test_a_record_of_a_gpu_gets_its_name(monkeypatch):
    monkeypatch.setattr("torch.cuda.get_device_name", lambda device: f"GPU of {device}")
    assert gpu_of("cuda:1") == {"gpu": "GPU of cuda:1"}
    assert gpu_of("cpu") == gpu_of("mps") == {}
