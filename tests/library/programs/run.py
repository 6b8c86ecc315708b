#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Real programs on a preloaded malloc: each runs once on glibc's and once on
the library under test, and must do the same both times.

    run.py [--work DIR] [--timeout SECONDS] [--short] LIBRARY [NAME...]

A program is a script NAME.sh beside this file, called in two ways:

    NAME.sh prepare     in an empty folder, on glibc: makes the inputs. Status 77
                        and a line on stderr: cannot run here, skip it.
    NAME.sh run INPUTS  in another empty folder, with LD_PRELOAD set: the work.
                        All that it prints and all files that it leaves are
                        compared, but for the folder scratch/.

    # processes: cc1 as         names processes, the script's children, that must
                                be seen to have loaded the library, as all must.

A program fails when it exits with another status than 0, takes longer than the
timeout, leaves a process behind, differs from its run on glibc, when our library
complains of it, or when a process of it has not loaded the library (the loader's
own log tells: a preload that does nothing would pass every other check).

The run on glibc preloads libc.so.6, for programs that are linked with another
malloc (Debian's redis-server). The scripts find in their environment:
KMEMSIM_ROOT (the checkout), KMEMSIM_SHORT (set by --short and benchmarks: less
work). KMEMSIM_OPTIONS is handed on.
"""
import argparse
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent.parent
SKIPPED = 77


class Failure(Exception):
    """A check that did not hold; the text is for people."""


def environment(library, folder, short):
    env = {name: value for name, value in os.environ.items()
           if not name.startswith(("LD_", "GIT_", "KMEMSIM_", "MALLOC_", "PYTHON", "PERL"))}
    env.update(KMEMSIM_ROOT=str(ROOT), HOME=str(folder), TMPDIR="/tmp", LC_ALL="C", TZ="UTC")
    if library:
        env["LD_PRELOAD"] = str(library)
    if short:
        env["KMEMSIM_SHORT"] = "1"
    if "KMEMSIM_OPTIONS" in os.environ:
        env["KMEMSIM_OPTIONS"] = os.environ["KMEMSIM_OPTIONS"]
    return env


def session_members(session):
    """The processes of a session, by /proc: field 6 of stat, after a name that may hold blanks."""
    members = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:
            continue
        state, _, _, its_session = text.rpartition(")")[2].split()[:4]
        if int(its_session) == session and state != "Z":
            members.append((int(stat.parent.name), text.partition("(")[2].rpartition(")")[0]))
    return members


def kill_session(session):
    """Nothing is left running, whatever happened. Returns the names of what was."""
    left = session_members(session)
    for pid, _ in left:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    return [name for _, name in left]


def call(what, command, folder, log, env, timeout):
    """Runs command in folder; stdout and stderr go to log.stdout and log.stderr."""
    start = time.monotonic()
    with open(f"{log}.stdout", "wb") as out, open(f"{log}.stderr", "wb") as err:
        process = subprocess.Popen(command, cwd=folder, env=env, stdin=subprocess.DEVNULL,
                                   stdout=out, stderr=err, start_new_session=True)
        try:
            status = process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise Failure(f"{what}: hangs, stopped after {timeout} s; see {log}.stderr") from None
        finally:
            left = kill_session(process.pid)
            process.wait()
    if status == SKIPPED:
        return None
    if status:
        how = f"killed by {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
        raise Failure(f"{what}: {how}; see {log}.stderr")
    if left:
        raise Failure(f"{what}: left running: {' '.join(left)}")
    return time.monotonic() - start


def files_below(folder):
    """Relative paths of all files and links, without the scratch folder."""
    found = set()
    for parent, folders, names in os.walk(folder):
        if pathlib.Path(parent) == folder:
            folders[:] = [name for name in folders if name != "scratch"]
        found |= {pathlib.Path(parent, name).relative_to(folder) for name in names}
    return found


def compare(work):
    """The outputs of the two runs, byte by byte."""
    theirs, ours = work / "glibc", work / "preload"
    for name in sorted(files_below(theirs) ^ files_below(ours)):
        raise Failure(f"only one of {theirs / name} and {ours / name} is there")
    pairs = [(theirs / name, ours / name) for name in sorted(files_below(theirs))]
    pairs.append((work / "glibc.stdout", work / "preload.stdout"))
    if not any(left.stat().st_size for left, _ in pairs):
        raise Failure("no output at all: nothing was compared")
    for left, right in pairs:
        if left.read_bytes() != right.read_bytes():
            raise Failure(f"{left} and {right} differ")


def check_loaded(work, library, expected):
    """Each process loaded the library before its own code ran, and the expected ones are among them."""
    seen = set()
    for log in sorted(work.glob("loader.*")):
        text = log.read_text(errors="replace")
        # A process that replaces its program goes on in the same log.
        parts = text.split("initialize program: ")
        for before, after in zip(parts, parts[1:]):
            name = os.path.basename(after.split()[0])
            if f"calling init: {library}" not in before:
                raise Failure(f"{name} ran without {library}; see {log}")
            seen.add(name)
    missing = sorted(set(expected) - seen)
    if missing:
        raise Failure(f"never seen with {library}: {' '.join(missing)} (seen: {' '.join(sorted(seen))})")
    return seen


def check_silent(log):
    """The library has nothing to complain of."""
    complaints = re.findall(r"^kmemsim\[\d+\]: .*", log.read_text(errors="replace"), re.M)
    if complaints:
        raise Failure(f"{len(complaints)} complaints, the first: {complaints[0]}; see {log}")


def processes_of(script):
    return re.search(r"^# processes: (.*)$", script.read_text(), re.M).group(1).split()


def run_program(name, library, work, timeout, short):
    """One program. Returns a line to print; raises Failure."""
    script = HERE / f"{name}.sh"
    shutil.rmtree(work, ignore_errors=True)
    for folder in ("in", "glibc", "preload"):
        (work / folder).mkdir(parents=True)
    command = ["sh", str(script), "run", str(work / "in")]

    if call("preparing", ["sh", str(script), "prepare"], work / "in", work / "prepare",
            environment(None, work / "in", short), timeout) is None:
        return "skipped: " + (work / "prepare.stderr").read_text().strip().rpartition("\n")[2]
    glibc = call("on glibc", command, work / "glibc", work / "glibc",
                 environment("libc.so.6", work / "glibc", short), timeout)
    env = environment(library, work / "preload", short)
    env.update(LD_DEBUG="files", LD_DEBUG_OUTPUT=str(work / "loader"))
    preload = call("preloaded", command, work / "preload", work / "preload", env, timeout)
    if glibc is None or preload is None:
        raise Failure(f"exit status {SKIPPED} when it was to run")
    seen = check_loaded(work, library, processes_of(script))
    check_silent(work / "preload.stderr")
    compare(work)
    return f"same output; {glibc:.1f} s on glibc, {preload:.1f} s preloaded; {len(seen)} kinds of process"


def stop(number, _):
    """Ends as an error does, so that nothing stays behind."""
    sys.exit(128 + number)


def main():
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    parser = argparse.ArgumentParser(description="Real programs on a preloaded malloc.")
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "build" / "programs")
    parser.add_argument("--timeout", type=float, default=300)
    parser.add_argument("--short", action="store_true", help="less work")
    parser.add_argument("library", type=pathlib.Path)
    parser.add_argument("names", nargs="*", metavar="NAME")
    args = parser.parse_args()
    library = args.library.resolve()
    if not library.exists():
        sys.exit(f"{library} is not there")
    all_names = sorted(script.stem for script in HERE.glob("*.sh") if "# processes:" in script.read_text())
    unknown = sorted(set(args.names) - set(all_names))
    if unknown:
        sys.exit(f"no such program: {' '.join(unknown)} (there are: {' '.join(all_names)})")

    failed = []
    for name in args.names or all_names:
        work = args.work.resolve() / name
        try:
            line = run_program(name, library, work, args.timeout, args.short)
        except Failure as failure:
            failed.append(name)
            line = f"FAILED: {failure}"
        else:
            shutil.rmtree(work)
        print(f"  {name:10} {line}", flush=True)
    if failed:
        sys.exit(f"{len(failed)} programs failed on {library.name}: {' '.join(failed)}")


if __name__ == "__main__":
    main()
