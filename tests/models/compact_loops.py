"""Compact networks once more: forward passes as loops of numpy, and counts as formulas.

Axes    one song: T frames, F features, D columns; `weights` by their names in the network
"""

from math import erf

import numpy as np


def dense(x, weights, name):
    return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def decayed(frames, poles):
    """Return sums of |p|^(t - s)-weighted frames over the sums of these weights."""
    means = []
    for t in range(len(frames)):
        powers = [poles ** (t - s) for s in range(t + 1)]
        total = sum(power * frame for power, frame in zip(powers, frames, strict=False))
        means.append(total / sum(np.abs(power) for power in powers))
    return np.stack(means)


def near(columns, weights, name, dilation, before):
    """Convolve every column over time by itself; outside are zeros."""
    kernel_DK, bias_D = weights[f"{name}.weight"][:, 0], weights[f"{name}.bias"]
    rows = []
    for t in range(len(columns)):
        row = bias_D.copy()
        for k in range(kernel_DK.shape[1]):
            place = t - before + k * dilation
            if 0 <= place < len(columns):
                row += kernel_DK[:, k] * columns[place]
        rows.append(row)
    return np.stack(rows)


def in_directions(both_ways, function, frames):
    """Apply a function to the frames and, if asked, to them from the end."""
    first = [function(frames, 0)]
    return [*first, function(frames[::-1], 1)[::-1]] if both_ways else first


def gru_small(song, weights, both_ways, settings):
    n_units = settings["units"]

    def run(frames, direction):
        end = "_reverse" if direction else ""
        w_ih, w_hh, b_ih, b_hh = (
            weights[f"gru.{name}_l0{end}"]
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        state, states = np.zeros(n_units), []
        for frame in frames:
            x, h = w_ih @ frame + b_ih, w_hh @ state + b_hh
            reset, update = (sigmoid((x + h)[i * n_units : (i + 1) * n_units]) for i in range(2))
            new = np.tanh(x[2 * n_units :] + reset * h[2 * n_units :])
            state = (1 - update) * new + update * state
            states.append(state)
        return np.stack(states)

    columns = dense(song, weights, "input.linear")
    return dense(np.hstack(in_directions(both_ways, run, columns)), weights, "head")


def diagonal(song, weights, both_ways, settings):
    def run(frames, direction):
        name = f"memories.{direction}"
        pairs = frames @ weights[f"{name}.into.weight"].T
        seconds = np.exp(weights[f"{name}.log_seconds"])
        poles = np.exp(-0.5 / seconds + 1j * weights[f"{name}.angle"])
        means = decayed(pairs[:, ::2] + 1j * pairs[:, 1::2], poles)
        return np.stack([means.real, means.imag], axis=-1).reshape(len(frames), -1)

    columns = dense(song, weights, "input.linear")
    seen = np.hstack([*in_directions(both_ways, run, columns), columns])
    value, gate = np.split(dense(seen, weights, "mix"), 2, axis=1)
    return dense(value * sigmoid(gate), weights, "head")


def tcn(song, weights, both_ways, settings):
    columns = dense(song, weights, "input.linear")
    for layer, dilation in enumerate(settings["dilations"]):
        reach = (settings["kernel"] - 1) * dilation
        before = reach // 2 if both_ways else reach
        seen = near(columns, weights, f"layers.{layer}.over_time", dilation, before)
        columns = columns + np.maximum(dense(seen, weights, f"layers.{layer}.mix"), 0)
    return dense(columns, weights, "head")


def two_paths(song, weights, both_ways, settings):
    def means(frames, direction):
        seconds = sorted(settings["time_constants"])
        return np.hstack([decayed(frames, np.exp(-0.5 / tau)) for tau in seconds])

    columns, kernel = dense(song, weights, "input.linear"), settings["kernel"]
    slow = in_directions(both_ways, means, columns)
    changes = columns - decayed(columns, np.exp(-0.5 / max(settings["time_constants"])))
    before = kernel - 1 - kernel // 2 if both_ways else kernel - 1
    fast = np.maximum(near(changes, weights, "over_time", 1, before), 0)
    units = [dense(np.hstack(slow), weights, "slow"), dense(fast, weights, "fast")]
    return dense(np.maximum(np.hstack(units), 0), weights, "head")


def transformer(song, weights, both_ways, settings):
    def norm(x, name):
        scaled = (x - x.mean(axis=1, keepdims=True)) / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    columns, n_heads = dense(song, weights, "input.linear"), settings["heads"]
    width = settings["columns"] // n_heads
    for layer in range(settings["layers"]):
        name = f"layers.{layer}"
        triple = dense(norm(columns, f"{name}.norms.0"), weights, f"{name}.attended")
        queries, keys, values = np.split(triple, 3, axis=1)
        heads = []
        for head in range(n_heads):
            part, slope = slice(head * width, (head + 1) * width), 2 ** (-8 * (head + 1) / n_heads)
            rows = []
            for t in range(len(song)):
                seen = range(len(song) if both_ways else t + 1)
                scores = [
                    queries[t, part] @ keys[s, part] / np.sqrt(width) - slope * abs(t - s)
                    for s in seen
                ]
                shares = np.exp(scores) / np.exp(scores).sum()
                rows.append(
                    sum(share * values[s, part] for share, s in zip(shares, seen, strict=True))
                )
            heads.append(np.stack(rows))
        columns = columns + dense(np.hstack(heads), weights, f"{name}.joined")
        hidden = dense(norm(columns, f"{name}.norms.1"), weights, f"{name}.dense.0")
        hidden = hidden * (1 + np.vectorize(erf)(hidden / np.sqrt(2))) / 2
        columns = columns + dense(hidden, weights, f"{name}.dense.2")
    return dense(norm(columns, "norm"), weights, "head")


def low_rank_and_head(n_features, columns, n_last):
    return n_features * columns + columns + 2 * (n_last + 1)


def gru_small_size(n_features, config):
    columns, units, ways = config.columns, config.units, 1 + config.both_ways
    gates = ways * 3 * (units * columns + units * units + 2 * units)
    return low_rank_and_head(n_features, columns, ways * units) + gates


def diagonal_size(n_features, config):
    columns, channels, ways = config.columns, config.channels, 1 + config.both_ways
    memories = ways * (2 * channels * columns + 2 * channels * (config.poles == "learned"))
    mix = (2 * channels * ways + columns + 1) * 2 * columns
    return low_rank_and_head(n_features, columns, columns) + memories + mix


def tcn_size(n_features, config):
    columns = config.columns
    layer = config.kernel * columns + columns + columns * columns + columns
    return low_rank_and_head(n_features, columns, columns) + len(config.dilations) * layer


def two_paths_size(n_features, config):
    columns, units, ways = config.columns, config.units, 1 + config.both_ways
    slow = (len(config.time_constants) * columns * ways + 1) * units
    fast = (config.kernel + 1) * columns + (columns + 1) * units
    return low_rank_and_head(n_features, columns, 2 * units) + slow + fast


def transformer_size(n_features, config):
    columns, hidden = config.columns, config.hidden
    layer = 4 * (columns * columns + columns) + 4 * columns  # attention, two normalisations
    layer += (columns + 1) * hidden + (hidden + 1) * columns
    norm = 2 * columns
    return low_rank_and_head(n_features, columns, columns) + config.layers * layer + norm


LOOPS = {
    "gru_small": gru_small,
    "diagonal": diagonal,
    "tcn": tcn,
    "two_paths": two_paths,
    "transformer": transformer,
}
SIZES = {
    "gru_small": gru_small_size,
    "diagonal": diagonal_size,
    "tcn": tcn_size,
    "two_paths": two_paths_size,
    "transformer": transformer_size,
}
