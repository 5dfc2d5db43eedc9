"""Starts `autotune` commands at once, by forking a process that has everything imported: `python -m tests.run.zygote`.

Reads one JSON list a line, [LOG, ARGUMENT, ...]; answers with the number of the process that runs it and, when that has
ended, with its exit code (negative for a signal).
"""

import json
import os
import sys

from autotune.cli import main
from autotune.cli.verbs import resume, run  # noqa: F401 - what a command would import


def start(log, arguments):
    pid = os.fork()
    if pid == 0:
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for descriptor in (1, 2):
            os.dup2(output, descriptor)
        code = main(arguments)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return pid


if __name__ == "__main__":
    for line in sys.stdin:
        log, *arguments = json.loads(line)
        pid = start(log, arguments)
        print(pid, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
