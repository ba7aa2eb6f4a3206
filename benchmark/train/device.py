"""Choose cpu, cuda or mps, and say which and why."""

from dataclasses import dataclass

from benchmark.errors import DeviceError

CHOICES = ("auto", "cpu", "cuda", "mps")


@dataclass(frozen=True)
class Device:
    """A torch device name and why it was chosen, for people; "" where it was asked for."""

    name: str
    reason: str


def choose_device(wanted: str) -> Device:
    """Return the wanted device, or for `auto` the fastest one that is here."""
    import torch

    if wanted not in CHOICES:
        raise DeviceError(f"Device '{wanted}' is not one of {', '.join(CHOICES)}.")
    present = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if wanted != "auto":
        if not present[wanted]:
            here = ", ".join(name for name, is_here in present.items() if is_here)
            raise DeviceError(
                f"Device '{wanted}' was asked for, but torch {torch.__version__} finds none here"
                f" (present: {here}). Use --device auto."
            )
        return Device(wanted, "")
    if present["cuda"]:
        return Device("cuda", torch.cuda.get_device_name())
    if present["mps"]:
        return Device("mps", "Apple GPU")
    return Device("cpu", "no GPU found by torch")


def device_of_cluster(wanted: str) -> Device:
    """Return the wanted device of nodes, which this machine need not have; `auto` is the CPU."""
    if wanted not in ("auto", "cpu", "cuda"):
        raise DeviceError(f"Device '{wanted}' is not one that a cluster's nodes have: cpu, cuda.")
    if wanted == "auto":
        return Device("cpu", "of the cluster's nodes; --device cuda uses their GPUs")
    return Device(wanted, "of the cluster's nodes")


def gpu_of(device: str) -> dict[str, str]:
    """Return the name of a CUDA device as `gpu`; nothing for others, which have no name."""
    import torch

    return {"gpu": torch.cuda.get_device_name(device)} if device.startswith("cuda") else {}
