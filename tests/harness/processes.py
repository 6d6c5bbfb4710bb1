"""Processes as /proc shows them: who is whose child, what they cost, and what is left behind."""

import os
import signal


def _stat_fields(pid):
    """Fields of /proc/PID/stat after the command name; field 3 (the state) has index 0."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        return file.read().rpartition(b")")[2].split()


def _alive(fields):
    return fields[0] not in (b"Z", b"X")


def _all_pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


class Process:
    """One process, compared by its id."""

    def __init__(self, pid):
        self.pid = pid

    def __eq__(self, other):
        return self.pid == other.pid

    def __hash__(self):
        return self.pid

    def __repr__(self):
        return f"<{self.pid} {self.command_line()}>"

    def alive(self):
        """True while it runs; a zombie does not."""
        try:
            return _alive(_stat_fields(self.pid))
        except (FileNotFoundError, ProcessLookupError):
            return False

    def is_stopped(self):
        """True once SIGSTOP has taken effect."""
        return _stat_fields(self.pid)[0] == b"T"

    def program(self):
        """Path of its executable, '' when it is gone."""
        try:
            return os.readlink(f"/proc/{self.pid}/exe")
        except OSError:
            return ""

    def command_line(self):
        try:
            with open(f"/proc/{self.pid}/cmdline", "rb") as file:
                return file.read().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            return "(gone)"

    def children(self):
        found = []
        for pid in _all_pids():
            try:
                fields = _stat_fields(pid)
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(fields[1]) == self.pid and _alive(fields):
                found.append(Process(pid))
        return sorted(found, key=lambda process: process.pid)

    def kill(self, number=signal.SIGKILL):
        os.kill(self.pid, number)

    def cpu_seconds(self):
        """User and system time of all its threads."""
        fields = _stat_fields(self.pid)
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _kilobytes(self, file_name, key):
        with open(f"/proc/{self.pid}/{file_name}", encoding="ascii") as file:
            for line in file:
                name, _, value = line.partition(":")
                if name == key:
                    return int(value.split()[0]) * 1024
        raise KeyError(key)

    def resident_bytes(self):
        return self._kilobytes("status", "VmRSS")

    def peak_resident_bytes(self):
        return self._kilobytes("status", "VmHWM")

    def proportional_bytes(self):
        """Its share of memory (PSS): pages that several processes have count in parts."""
        return self._kilobytes("smaps_rollup", "Pss")

    def private_bytes(self):
        """Memory that only this process has: shared pages of the channel do not count."""
        return (self._kilobytes("smaps_rollup", "Private_Dirty")
                + self._kilobytes("smaps_rollup", "Private_Clean"))

    def descriptor_count(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def thread_count(self):
        return len(os.listdir(f"/proc/{self.pid}/task"))

    def open_files(self):
        """What its descriptors stand for, as /proc names it."""
        names = []
        for name in os.listdir(f"/proc/{self.pid}/fd"):
            try:
                names.append(os.readlink(f"/proc/{self.pid}/fd/{name}"))
            except FileNotFoundError:
                continue  # closed meanwhile
        return names

    def sockets(self):
        """Inode numbers of its open sockets."""
        found = set()
        for name in os.listdir(f"/proc/{self.pid}/fd"):
            try:
                target = os.readlink(f"/proc/{self.pid}/fd/{name}")
            except FileNotFoundError:
                continue
            if target.startswith("socket:["):
                found.add(target[8:-1])
        return found

    def listens(self):
        """True when one of its sockets listens on TCP."""
        listening = set()
        for table in ("tcp", "tcp6"):
            with open(f"/proc/{self.pid}/net/{table}", encoding="ascii") as file:
                fields = [line.split() for line in file][1:]
            listening |= {row[9] for row in fields if row[3] == "0A"}
        return bool(self.sockets() & listening)


def in_session(session_id):
    """Live processes of a session: a server's whole tree, also those that lost their parent."""
    found = []
    for pid in _all_pids():
        try:
            fields = _stat_fields(pid)
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[3]) == session_id and _alive(fields):
            found.append(Process(pid))
    return found
