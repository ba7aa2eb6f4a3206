"""What ends a task: its limits of time and memory; and after how long a silent one is said."""

from contextlib import suppress

from benchmark.executors.contract import Limits

SILENT_AFTER = (3.0, 600.0)  # times the estimated seconds, and so many more


def over_time(seconds: float, limits: Limits) -> str:
    """Return why a task is ended after so long: "was ended at ..."; "" where it may go on."""
    if limits.seconds is None or seconds <= limits.seconds:
        return ""
    return f"was ended at its time limit of {limits.seconds:g} s"


def over_memory(used: int, limits: Limits) -> str:
    """Return why a task that holds so many bytes is ended; "" where it may go on."""
    if limits.memory_bytes is None or used <= limits.memory_bytes:
        return ""
    limit = limits.memory_bytes / 1e9
    return f"was ended at {used / 1e9:.2f} GB of memory, its limit being {limit:.2f} GB"


def memory_bytes(pid: int | None) -> int:
    """Return the resident memory of a process and its children, in bytes; None is this one."""
    import psutil

    total = 0
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        for each in (process, *process.children(recursive=True)):
            with suppress(psutil.Error):
                total += each.memory_info().rss
    return total
