"""Faults in the edge's system calls and allocations: the preloaded library faults.c, steered."""

import mmap
import pathlib
import struct
import subprocess

SOURCE = pathlib.Path(__file__).with_name("faults.c")
LAYOUT = struct.Struct("=IIqQ")   # struct steering


class Faults:
    """Builds the library into `folder`; a Server gets env=faults.environment."""

    def __init__(self, folder):
        library = folder / "faults.so"
        subprocess.run(["cc", "-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o", library, SOURCE],
                       check=True)
        path = folder / "steering"
        path.write_bytes(bytes(mmap.PAGESIZE))
        with open(path, "r+b") as file:
            self._memory = mmap.mmap(file.fileno(), mmap.PAGESIZE)
        self.environment = {"LD_PRELOAD": str(library), "FAULTS_FILE": str(path)}
        self.fail_no_allocation()

    def _fields(self):
        return LAYOUT.unpack_from(self._memory)

    def interrupt(self, percent):
        """From now on this share of the edge's calls is interrupted or cut short."""
        struct.pack_into("=I", self._memory, 0, percent)

    def fail_allocation(self, number):
        """The edge's allocation `number`, counted from 0 now, fails: this one only."""
        struct.pack_into("=q", self._memory, 8, number)

    def fail_no_allocation(self):
        self.fail_allocation(-1)

    @property
    def count(self):
        """Calls that went wrong so far."""
        return self._fields()[3]

    @property
    def allocations_left(self):
        """Until one fails; negative when none will."""
        return self._fields()[2]
