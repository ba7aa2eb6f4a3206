"""Songs become tensors: windows of one length travel together, so nothing is ever padded.

Axes    N windows, L frames per window, F features, 2 targets
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from datasets.contract import TARGETS, AnySong, Song
from datasets.scaling import Scaler

PREDICTION_BATCH = 256  # windows per forward pass; bounds memory, not results


@dataclass(frozen=True, eq=False)
class Windows:
    """All windows of one length: features (N, L, F), annotations (N, L, 2), and their origin."""

    features: Tensor
    annotations: Tensor
    origins: tuple[tuple[int, int], ...]  # (index of the song, first frame)


def cut_windows(
    songs: Sequence[AnySong], scaler: Scaler, length: int, device: str
) -> list[Windows]:
    """Cut songs into consecutive windows of `length` frames; a song's last may be shorter.

    Every frame lies in exactly one window. Windows are grouped by length, longest first. Songs
    without annotations have NaN in their place.
    """
    pieces: dict[int, list[tuple[int, int, NDArray[np.float32], NDArray[np.float32]]]] = {}
    for index, song in enumerate(songs):
        features, annotations = scaler.apply(song.features), _annotations(song)
        for start in range(0, song.n_frames, min(length, song.n_frames)):
            stop = min(start + length, song.n_frames)
            piece = (index, start, features[start:stop], annotations[start:stop])
            pieces.setdefault(stop - start, []).append(piece)
    return [
        Windows(
            features=torch.from_numpy(np.stack([piece[2] for piece in group])).to(device),
            annotations=torch.from_numpy(np.stack([piece[3] for piece in group])).to(device),
            origins=tuple((piece[0], piece[1]) for piece in group),
        )
        for _, group in sorted(pieces.items(), reverse=True)
    ]


def _annotations(song: AnySong) -> NDArray[np.float32]:
    """Return a song's annotations (T, 2), or NaN."""
    if isinstance(song, Song):
        return song.annotations
    return np.full((song.n_frames, len(TARGETS)), np.nan, np.float32)


def with_target(groups: list[Windows], target: str) -> list[Windows]:
    """Return windows whose annotations are replaced by their own features, if asked to."""
    if target == "annotations":
        return groups
    return [replace(group, annotations=group.features) for group in groups]


def shuffled_batches(
    groups: Sequence[Windows], batch_size: int, generator: torch.Generator
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield every window once as (B, L, F) features and (B, L, 2) annotations, in random order."""
    batches = [
        (group, chosen)
        for group in groups
        for chosen in torch.split(
            torch.randperm(len(group.origins), generator=generator), batch_size
        )
    ]
    for position in torch.randperm(len(batches), generator=generator).tolist():
        group, chosen = batches[position]
        chosen = chosen.to(group.features.device)
        yield group.features[chosen], group.annotations[chosen]


@torch.no_grad()
def predict_windows(network: nn.Module, groups: Sequence[Windows]) -> list[Tensor]:
    """Return the predictions (N, L, 2) of every group, with the network in evaluation mode."""
    network.eval()
    return [
        torch.cat([network(batch) for batch in torch.split(group.features, PREDICTION_BATCH)])
        for group in groups
    ]


def join_windows(
    groups: Sequence[Windows], predicted: Sequence[Tensor], songs: Sequence[AnySong]
) -> list[NDArray[np.float32]]:
    """Put predicted windows back into songs: one (T, 2) array each, every frame filled."""
    joined = [np.full((song.n_frames, 2), np.nan, dtype=np.float32) for song in songs]
    for group, windows in zip(groups, predicted, strict=True):
        for (index, start), window in zip(group.origins, windows.cpu().numpy(), strict=True):
            joined[index][start : start + len(window)] = window
    return joined
