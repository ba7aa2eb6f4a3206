"""Users' files that do bad things: models, estimators and datasets, beside models that do not.

A bad model is one failed cell or one line; the models beside it get the numbers they always get.
Not tried: code that replaces functions of torch, numpy or this project, or files of this project;
a user's code has a user's rights.
"""

from random import Random
from textwrap import indent

from tests.attack.arena import MINE, MODELS, STUDY, Arena
from tests.attack.outcome import Outcome
from tests.attack.sandbox import Sandbox, records

HEAD = """
import os, signal, sys, threading, time, warnings
import numpy as np
import torch
from torch import nn
from datasets.contract import DatasetError, Song, Split
from datasets.registry import DatasetEntry
from models.registry import ModelEntry

class Silent(Exception):
    def __str__(self): raise ValueError("no text")
    __repr__ = __str__

class Other(BaseException):
    pass

class Unpickled(Exception):
    def __init__(self, a, b): super().__init__("text")
"""
ENDINGS = (
    "sys.exit(0)", "sys.exit(3)", "sys.exit('text')", "raise SystemExit", "raise Silent()",
    "raise Other('x')", "raise Unpickled(1, 2)", "raise KeyboardInterrupt", "raise MemoryError",
    "raise ValueError('a\\nb\\x1b[31m')", "raise ValueError('x' * 100000)", "raise StopIteration",
    "raise GeneratorExit", "raise ValueError(b'\\xff'.decode(errors='surrogateescape'))",
    "raise ExceptionGroup('x', [ValueError('y')])", "raise DatasetError('no data')", "1 / 0",
    "(lambda f: f(f))(lambda f: f(f))", "warnings.warn('mind')", "raise RuntimeError",
)  # fmt: skip
STATES = (
    "torch.set_grad_enabled(False)", "torch.manual_seed(0)", "np.random.seed(0)",
    "torch.set_default_dtype(torch.float64)", "torch.set_num_threads(3)", "np.seterr(all='raise')",
    "torch.use_deterministic_algorithms(False)", "warnings.simplefilter('error')", "os.chdir('/')",
    "torch.inference_mode().__enter__()", "torch.autograd.set_detect_anomaly(True)",
    "torch.set_flush_denormal(True)", "np.set_printoptions(precision=1)",
    "signal.signal(signal.SIGINT, signal.SIG_IGN)", "print('x' * 100000)",
    "import gc; gc.disable()", "torch.set_default_device('meta')",
    "torch.backends.mkldnn.enabled = False",
    "threading.Thread(target=time.sleep, args=(1,)).start()", "time.sleep(.2)",
)  # fmt: skip
OUTPUTS = (
    "None", "x", "x[:, :1]", "x[..., :1]", "x * float('nan')", "x * float('inf')", "x.double()",
    "x.detach()", "x.long()", "torch.zeros(())", "(x, x)", "x.numpy()", "[x]",
    "x.to(torch.complex64)", "x.repeat(2, 1, 1)", "x.to('meta')", "x * 1e30", "x.mT",
    "torch.zeros(0, 2)", "'x'",
)  # fmt: skip
PREDICTED = (
    "None", "[]", "[p[:1] for p in P]", "[p * np.nan for p in P]", "[p + 1j for p in P]",
    "[p.astype(object) for p in P]", "[p.tolist() for p in P]", "[np.float32(1) for p in P]",
    "P + P", "iter(P)", "[p.astype('f8') for p in P]", "[p[:, :1] for p in P]", "{0: P}",
    "[np.full(p.shape, 1e38, 'f4') for p in P]", "[np.full(p.shape, 'x') for p in P]",
    "[s.annotations for s in songs]",
)  # fmt: skip
TOUCHES = (
    "song.features *= 0", "song.annotations *= 0", "song.times *= 0", "song.features[:] = np.nan",
    "object.__setattr__(song, 'song_id', 'x')", "object.__setattr__(song, 'annotations', None)",
    "song.features.setflags(write=True); song.features *= 0",
    "song.features.resize((1, 1), refcheck=False)", "song.features.sort(axis=0)",
    "np.random.shuffle(song.annotations)",
)  # fmt: skip
NETWORK = """
class Bad(nn.Module):
    def __init__(self, *, n_features):
        super().__init__()
        self.head = nn.Linear(n_features, 2)
{built}
    def forward(self, features_BTF):
        x = self.head(features_BTF)
{called}
        return {output}
"""
ESTIMATOR = """
class Bad:
    def __init__(self, *, n_features, config=None):
        self.n = n_features
{built}
    def fit(self, songs, trainer):
        self.mean = np.concatenate([s.annotations for s in songs]).mean(axis=0)
        for song in songs:
            pass
{fitted}
    def predict(self, songs):
        P = [np.tile(self.mean, (s.n_frames, 1)).astype("f4") for s in songs]
        for song in songs:
            pass
{predicted}
        return {output}
    def components(self, songs):
{parts}
        return {{}}
    def networks(self):
        return []
    def other_parameters(self):
        return {parameters}
    def other_flops(self):
        return {flops}
    def state(self):
{kept}
        return {state}
    def restore(self, state, restorer):
        self.mean = state["mean"]
"""
COUNTS = ("{'a': 1}", "None", "{'a': -1}", "{'a': 1.5}", "{'a': 'x'}", "{1: 1}", "{'a': 10 ** 400}")
FLOPS = ("1", "None", "-1", "1.5", "'x'", "float('nan')", "10 ** 400")
STATE = (
    "{'mean': self.mean}", "None", "{}", "{'mean': 'x'}", "{'../x': self.mean}", "{1: self.mean}",
    "{'mean': np.array([{}], object)}", "{'mean': self.mean * np.nan}",
    "{'learned_from.low': self.mean}",
)  # fmt: skip
TABLES = (
    "MODELS = None", "MODELS = []", "MODELS = {'bad': None}", "MODELS = {'bad': Bad}",
    "MODELS = {1: 2}", "MODELS = {'../x': ModelEntry(target=Bad, summary='')}", "MODELS = {}",
    "DATASETS = 5", "MODELS = {'bad': ModelEntry(target='no:Such', summary='')}", "MODELS = 'abc'",
    "MODELS = {'bad': ModelEntry(target=Bad, summary=None)}",
    "MODELS = {'ä': ModelEntry(target=Bad, summary='')}",
    "MODELS = {'crnn': ModelEntry(target=Bad, summary='')}", "DATASETS = {'tiny2': 1}",
    "MODELS = {'bad': ModelEntry(target=5, summary='x')}",
    "MODELS = {'': ModelEntry(target=Bad, summary='')}",
    "MODELS = {'b' * 300: ModelEntry(target=Bad, summary='')}",
    "MODELS = {'bad': ModelEntry(target=Bad, summary='[/x]')}",
)  # fmt: skip
SPLITS = (
    "None", "Split((), ())", "(D, E)", "Split(tuple(D), tuple(E))", "Split(list(D), list(E))",
    "Split(tuple(D), tuple(D))", "Split(tuple(D[:1]), tuple(E))", "Split(tuple(D + D), tuple(E))",
    "Split(tuple(D), tuple(E), references={'x': ()})", "Split(tuple(D), tuple(E), notes=5)",
    "Split(tuple(D), tuple(E), made_by=5)", "Split(tuple(D), tuple(E), notes=('[/x]',))",
    "Split(tuple(D), tuple(E), references={'x': tuple(np.full((9, 2), np.nan) for e in E)})",
    "Split(tuple(D), (None,))", "[Split(tuple(D), tuple(E))]",
)  # fmt: skip
IDS = (
    "5", "None", "b'x'", "'file'", "'\\ud800'", "'x' * 70000", "'../../x'", "'a.npy' if i else 'a'",
    "'a/b' + str(i)", "('a', i)", "1.5 + i", "''", "' ' + str(i)", "'\\x1b[31m' + str(i)",
    "'\\0' + str(i)", "'=1+1' + str(i)", "'<b>' + str(i)", "str(i) + '\\n'", "'ä' + str(i)", "True",
)  # fmt: skip
ARRAYS = (
    "(f, a, t)", "(f[0], a, t)", "(f.astype('f8'), a, t)", "(f, a.astype('f8'), t)",
    "(f, a, t[::-1])", "(f, a, t * 0)", "(f, a, t * np.nan)", "(f.astype(object), a, t)",
    "(f.astype('c8'), a, t)", "(f[:, :0], a, t)", "(f, a * 9, t)", "(f, a, t.astype(int))",
    "(f.tolist(), a.tolist(), t)", "(f[:, ::-1], a[:, ::-1], t)", "(f * 1e38, a, t)",
    "(f, a, None)", "(f.astype('>f4'), a, t)", "(np.array('x'), a, t)", "(f.astype('M8[s]'), a, t)",
    "(f * 0, a * 0, t)", "(f, a, t * 1e300)", "(np.ma.masked_all(f.shape), a, t)",
    "(f.astype(bool), a, t)", "(torch.tensor(f), a, t)",
)  # fmt: skip
DATASET = """
N_LOADED = [0]
def load(options, features, data_root):
    N_LOADED[0] += 1
    rng = np.random.default_rng(1)
    def song(i, side):
        f = rng.normal(0, 1, (9, 3)).astype("f4")
        a = np.clip(f[:, :2] / 5, -1, 1)
        t = 0.5 * np.arange(9)
        f, a, t = {arrays}
        return Song({song_id}, f, a, t)
    D, E = [song(i, "d") for i in range(8)], [song(i, "e") for i in range(8, 11)]
{loaded}
    return {split}

DATASETS = {{"bad": DatasetEntry(load=load, summary="x", feature_sets=("six",), caveat={caveat})}}
"""
CHEAT = 0.02  # average RMSE of a model that was shown the answers


def attack(number: int, random: Random, arena: Arena) -> Outcome:
    """Write a bad file, run it beside good models, then run the good ones again."""
    outcome = Outcome("users' code", number)
    box = arena.sandbox()
    if random.random() < 0.7:
        _model(outcome, random, arena, box)
    else:
        _dataset(outcome, random, arena, box)
    box.close()
    return outcome


def _model(outcome: Outcome, random: Random, arena: Arena, box: Sandbox) -> None:
    """Train a bad model beside good ones."""
    text, outcome.what = _network(random) if random.random() < 0.4 else _estimator(random)
    way = random.random()
    table = "MODELS = {'bad': ModelEntry(target=Bad, summary='bad', kind=KIND)}"
    if way < 0.12:
        table = outcome.what = random.choice(TABLES)
    elif way < 0.25:
        outcome.what = f"import: {random.choice((*ENDINGS, *STATES))}"
        text += "\n" + outcome.what.removeprefix("import: ") + "\n"
    (box.work / "bad.py").write_text(f"{HEAD}{text}\n{table}\n", errors="surrogatepass")
    box.freeze()
    study = [MODELS + ",bad" if word == MODELS else word for word in STUDY]
    if random.random() < 0.15:
        study[-1] = "2"
    result = arena.call(box, *study, "--include", "bad.py")
    outcome.ended(result)
    if result.code == 0 and not list(box.results.glob("records/*/bad-*")):
        outcome.faults.append("exit code 0 where the model left no record")
    outcome.left_alone(box)
    good = arena.reference
    ran = {path: one for path, one in _records(box).items() if "/bad" not in path}
    outcome.same_records(box.results, {path: good[path] for path in ran if path in good})
    if result.code in (0, 1) and len(ran) < len(arena.records):
        outcome.faults.append(f"{len(arena.records) - len(ran)} good cells have no record")
    for path, record in _records(box).items():
        score = record["scores"].get("rmse_average") if "/bad" in path else None
        if score is not None and score < CHEAT:
            outcome.faults.append(f"a model that learned nothing scored {score:.3f}")
    if outcome.number % 2 == 0 and not outcome.faults:
        outcome.succeeded(arena.call(box, *STUDY))
        outcome.same_records(box.results, arena.records)


def _records(box: Sandbox) -> dict[str, dict]:
    return records(box.results) if box.results.is_dir() else {}


def _network(random: Random) -> tuple[str, str]:
    """Return a network that misbehaves once."""
    place = random.choice(("built", "called", "called", "output", "output"))
    deed = random.choice((*ENDINGS, *STATES))
    output = random.choice(OUTPUTS) if place == "output" else "x"
    when = random.choice(("", "if self.training: ", "if not self.training: "))
    lines = {"built": "", "called": ""}
    if place == "built":
        lines["built"] = indent(deed, " " * 8)
    elif place == "called":
        lines["called"] = indent(f"{when}{deed}" if ";" not in deed else deed, " " * 8)
    text = NETWORK.format(output=output, **lines) + "KIND = 'network'\n"
    what = f"network, {place}: " + (output if place == "output" else f"{when}{deed}")
    return text, what


def _estimator(random: Random) -> tuple[str, str]:
    """Return an estimator that misbehaves once."""
    fields = {
        "built": "", "fitted": "", "predicted": "", "parts": "", "kept": "", "output": "P",
        "parameters": COUNTS[0], "flops": FLOPS[0], "state": STATE[0],
    }  # fmt: skip
    place = random.choice([*fields, "fitted", "predicted", "fitted", "predicted", "output"])
    pools = {"output": PREDICTED, "parameters": COUNTS, "flops": FLOPS, "state": STATE}
    if place in pools:
        fields[place] = deed = random.choice(pools[place])
    else:
        is_touch = place in ("fitted", "predicted") and random.random() < 0.5
        deed = random.choice(TOUCHES if is_touch else (*ENDINGS, *STATES))
        fields[place] = indent(deed, " " * (12 if is_touch else 8))
    return ESTIMATOR.format(**fields) + "KIND = 'estimator'\n", f"estimator, {place}: {deed}"


def _dataset(outcome: Outcome, random: Random, arena: Arena, box: Sandbox) -> None:
    """Train a good model on a bad dataset."""
    fields = {
        "arrays": ARRAYS[0], "song_id": "f'{side}{i}'", "loaded": "",
        "split": "Split(tuple(D), tuple(E))", "caveat": "''",
    }  # fmt: skip
    changed = "[o.features.__setitem__(0, 1.0) for o in D] if N_LOADED[0] > 1 else 0"
    pools = {
        "arrays": ARRAYS, "song_id": IDS, "split": SPLITS, "loaded": (*ENDINGS, *STATES, changed),
        "caveat": ("'[/x]'", "5", "None", "'\\x1b[31m'", "'a\\nb'", "'x' * 5000"),
    }  # fmt: skip
    place = random.choice(["arrays", "song_id", *pools])
    fields[place] = deed = random.choice(pools[place])
    fields["loaded"] = indent(fields["loaded"], " " * 4)
    outcome.what = f"dataset, {place}: {deed}"
    (box.work / "bad.py").write_text(HEAD + DATASET.format(**fields), errors="surrogatepass")
    box.freeze()
    command = ("run", "--include", "bad.py", "--include", MINE, "--dataset", "bad", "--models",
               "constant,tiny_gru", "--repetitions", "1", "--max-epochs", "1", "--sequence-lengths",
               "5", "--workers", random.choice("1112"))  # fmt: skip
    result = arena.call(box, *command)
    outcome.ended(result)
    if result.code == 0 and not _records(box):
        outcome.faults.append("exit code 0 and nothing trained")
    outcome.left_alone(box)
    if result.code == 0:
        outcome.succeeded(arena.call(box, "report", "--results", "results"))
