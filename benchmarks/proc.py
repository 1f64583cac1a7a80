"""Processor time and resident memory of a process tree, read from ``/proc``."""

import os
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
PROC = Path("/proc")


def _stat_fields(pid: int) -> list[str] | None:
    """The fields of ``/proc/PID/stat`` after the command name (so index 0 is the state); None if it is gone."""
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text.rpartition(")")[2].split()


def tree(root: int) -> list[int]:
    """The process ``root`` and all its living descendants."""
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit() and (fields := _stat_fields(int(entry.name))) is not None:
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found = [root]
    for pid in found:
        found.extend(children.get(pid, []))
    return found


def cpu_seconds(root: int) -> float:
    """User and system time of the tree so far: every thread, and every child that has already been waited for.

    The kernel's own network work on loopback runs inside the sender's system calls and is part of it.
    """
    ticks = 0
    for pid in tree(root):
        if (fields := _stat_fields(pid)) is not None:
            ticks += sum(int(value) for value in fields[11:15])  # utime, stime, cutime, cstime
    return ticks / TICKS_PER_SECOND


def busy_seconds(*cores: int) -> float:
    """How long some cores have been busy so far: with any process, with interrupts, with other guests of the host."""
    wanted, total = {f"cpu{core}" for core in cores}, 0
    for line in (PROC / "stat").read_text().splitlines():
        name, *ticks = line.split()
        if name in wanted:
            user, nice, system, _idle, _iowait, irq, softirq, steal = (int(value) for value in ticks[:8])
            total += user + nice + system + irq + softirq + steal
    return total / TICKS_PER_SECOND


def ended_children_seconds() -> float:
    """User and system time of all children of this process that have ended."""
    times = os.times()
    return times.children_user + times.children_system


def resident_bytes(root: int) -> int:
    """Resident memory of the tree: the sum over its processes, so pages that two of them share count twice."""
    total = 0
    for pid in tree(root):
        if (fields := _stat_fields(pid)) is not None:
            total += int(fields[21]) * PAGE_BYTES
    return total


def cpu_model() -> str:
    """The processor's name as the kernel reports it."""
    for line in (PROC / "cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return os.uname().machine


def cores() -> tuple[int, int]:
    """Two cores this process may use: the first for the gateway under test, the second for everything else."""
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        raise SystemExit("gateway.py needs two cores: one for the gateway under test, one for the load and upstream")
    return usable[0], usable[1]


def share_a_physical_core(first: int, second: int) -> bool:
    """Whether two logical cores are hyper-threads of one physical core, which would make the figures noisier."""
    topology = Path("/sys/devices/system/cpu")
    first_core = (topology / f"cpu{first}/topology/thread_siblings_list").read_text()
    return first_core == (topology / f"cpu{second}/topology/thread_siblings_list").read_text()
