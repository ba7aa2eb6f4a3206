"""What Keras 1 (January 2017) did differently from torch: its GRU and its first weights.

Source  keras 1.2, layers/recurrent.py and initializations.py, as the paper used it
GRU     the reset gate acts before the recurrent product, one bias per gate, and gates open by
        hard_sigmoid(x) = clip(0.2 x + 0.5, 0, 1):
            z = hard_sigmoid(x Wz + h Uz + bz)          r = hard_sigmoid(x Wr + h Ur + br)
            c = tanh(x Wc + (r * h) Uc + bc)            h' = z * h + (1 - z) * c
        torch resets after the product, has two biases and the smooth sigmoid
Axes    D = 2 directions, B sequences, T frames, I inputs, H units, G = 3 H gates: z, r, c
"""

from math import sqrt

import torch
from torch import Tensor, nn

ORTHOGONAL_SCALE = 1.1  # Keras 1 stretches its orthogonal matrices by it


class KerasGRU(nn.Module):
    """Bidirectional GRU layers with Keras 1's equations; both directions share every product."""

    def __init__(self, n_inputs: int, units: int, *, n_layers: int, dropout: float) -> None:
        """Build `n_layers` layers; dropout acts between them."""
        super().__init__()
        widths = [n_inputs] + [2 * units] * (n_layers - 1)
        self.layers = nn.ModuleList(KerasGRULayer(width, units) for width in widths)
        self.dropout = nn.Dropout(dropout)

    def forward(self, inputs_BTI: Tensor) -> Tensor:
        """Map (B, T, I) to (B, T, 2 H), forward direction first."""
        hidden = self.layers[0](inputs_BTI)
        for layer in self.layers[1:]:
            hidden = layer(self.dropout(hidden))
        return hidden  # type: ignore[no-any-return]


class KerasGRULayer(nn.Module):
    """One bidirectional layer."""

    def __init__(self, n_inputs: int, units: int) -> None:
        """Draw every weight as torch's GRU does; `initialise` draws them as Keras does."""
        super().__init__()
        bound = 1 / sqrt(units)
        self.units = units
        self.kernel_DIG = nn.Parameter(torch.empty(2, n_inputs, 3 * units).uniform_(-bound, bound))
        self.recurrent_DHG = nn.Parameter(torch.empty(2, units, 3 * units).uniform_(-bound, bound))
        self.bias_DG = nn.Parameter(torch.empty(2, 3 * units).uniform_(-bound, bound))

    def forward(self, inputs_BTI: Tensor) -> Tensor:
        """Map (B, T, I) to (B, T, 2 H); the second half reads the sequence backwards."""
        both_DBTI = torch.stack([inputs_BTI, inputs_BTI.flip(1)])
        n_sequences, n_frames = inputs_BTI.shape[:2]
        projected_DXG = torch.bmm(both_DBTI.flatten(1, 2), self.kernel_DIG)
        projected_DXG = projected_DXG + self.bias_DG.unsqueeze(1)
        frames = projected_DXG.reshape(2, n_sequences, n_frames, -1).unbind(dim=2)
        gates_DHG, candidate_DHH = self._gates(self.recurrent_DHG)
        h_DBH = inputs_BTI.new_zeros(2, n_sequences, self.units)
        states = []
        for frame_DBG in frames:
            gates, candidate = self._gates(frame_DBG)
            z, r = hard_sigmoid(gates + torch.bmm(h_DBH, gates_DHG)).chunk(2, dim=-1)
            c = torch.tanh(candidate + torch.bmm(r * h_DBH, candidate_DHH))
            h_DBH = z * h_DBH + (1 - z) * c
            states.append(h_DBH)
        forwards_BTH, backwards_BTH = torch.stack(states, dim=2)
        return torch.cat([forwards_BTH, backwards_BTH.flip(1)], dim=-1)

    def _gates(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Split (..., G) into the gates z, r together and the candidate."""
        return values[..., : 2 * self.units], values[..., 2 * self.units :]


def hard_sigmoid(x: Tensor) -> Tensor:
    """Return clip(0.2 x + 0.5, 0, 1), Keras' cheap sigmoid (torch's own has slope 1/6)."""
    return (0.2 * x + 0.5).clamp(0, 1)


@torch.no_grad()
def initialise(network: nn.Module) -> None:
    """Redraw all weights as Keras 1: glorot uniform, orthogonal recurrences, biases zero."""
    for module in network.modules():
        if isinstance(module, nn.Linear | nn.Conv2d):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, KerasGRULayer):
            for direction in range(2):
                _draw_gates(module.kernel_DIG[direction].T, module.recurrent_DHG[direction].T)
            nn.init.zeros_(module.bias_DG)
        elif isinstance(module, nn.GRU):
            for name, parameter in module.named_parameters():
                if name.startswith("weight_ih"):
                    hidden = module.get_parameter(name.replace("weight_ih", "weight_hh"))
                    _draw_gates(parameter, hidden)
                elif name.startswith("bias"):
                    nn.init.zeros_(parameter)


def _draw_gates(weights_GI: Tensor, recurrent_GH: Tensor) -> None:
    """Draw each of the three gates on its own, as Keras holds them."""
    for gate_HI in weights_GI.chunk(3):
        nn.init.xavier_uniform_(gate_HI)
    for gate_HH in recurrent_GH.chunk(3):
        gate_HH.copy_(nn.init.orthogonal_(torch.empty(gate_HH.shape), gain=ORTHOGONAL_SCALE))


@torch.no_grad()
def initialise_maxout(weights: Tensor) -> None:
    """Redraw the weights of a maxout layer.

    Keras 1 knows no fans for its three-axis tensor (pieces, inputs, outputs) and takes the root
    of its size for both.
    """
    bound = sqrt(3 / sqrt(weights.numel()))
    weights.uniform_(-bound, bound)
