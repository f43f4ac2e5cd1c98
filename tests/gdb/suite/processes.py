"""A command that ends within a time, and nothing of it that outlives it."""
import os
import signal
import subprocess
import time
import uuid

MARK = "TORO_GDB_MARK"


def _marked(mark):
    """The living processes that carry this mark in their environment."""
    found = []
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{process}/environ", "rb") as environment:
                if mark.encode() in environment.read():
                    found.append(int(process))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            pass  # ended meanwhile, or not ours
    return found


def _gone(mark, seconds):
    end = time.monotonic() + seconds
    while _marked(mark):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)  # the end of what is no child of ours cannot be awaited
    return True


def run(command, limit, environment, **options):
    """Runs it, for `limit` seconds at most; whether it came to its end by itself. Whatever else it started is ended."""
    mark = uuid.uuid4().hex
    process = subprocess.Popen(command, env=environment | {MARK: mark}, stdin=subprocess.DEVNULL,
                               start_new_session=True, **options)
    try:
        process.wait(timeout=limit)
        ended = True
    except subprocess.TimeoutExpired:
        ended = False
    finally:
        # By their ends of terminals that closed they are on their way; those that are not are told, then forced.
        for last_word, patience in ((None, 5 if process.poll() is not None else 0), (signal.SIGTERM, 10),
                                    (signal.SIGKILL, 10)):
            for survivor in _marked(mark) if last_word else []:
                try:
                    os.kill(survivor, last_word)
                except ProcessLookupError:
                    pass
            process.poll()
            if _gone(mark, patience):
                break
        process.wait()
    return ended
