"""A Python that starts at once, for tests of many processes.

To import Keras and the frameworks takes seconds, a run of a test less than
one. `quick_python` in `conftest.py` starts this file as a server, which
imports them and then forks for each process that is asked for; the program
that takes the place of `sys.executable` hands it arguments, environment,
folder and standard streams, waits, and ends as the process did. If it is
killed, so is the process, a moment later. Where `LIGHT_RUNS` is set, runs
draw no figures and write no page, which take longer than to train them.
"""

import contextlib
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import sys

CLIENT = """#!{python} -IS
import json, os, signal, socket, sys
request = json.dumps([sys.argv[1:], dict(os.environ), os.getcwd()]).encode()
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    socket.send_fds(server, [len(request).to_bytes(8)], [0, 1, 2])
    server.sendall(request)
    code = int(server.recv(8) or 1)
if code < 0:
    if -code != signal.SIGKILL:  # that has no handler
        signal.signal(-code, signal.SIG_DFL)
    os.kill(os.getpid(), -code)
sys.exit(code)
"""


def serve(address, client):
    """Forks for each connection, until standard input ends."""
    if os.environ["KERAS_BACKEND"] == "torch":
        # With all of PyTorch that it uses, before TensorFlow, or it crashes.
        importlib.import_module("keras")
    for name in (
        *("tensorflow", "sklearn.linear_model", "matplotlib.pyplot"),
        *("keras_qlae.cli.train", "keras_qlae.cli.compare"),
        *("keras_qlae.cli.tune", "keras_qlae.runs.execution"),
        "keras_qlae.runs.reporting",
    ):
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # what was imported stays, and is no work for a collector
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen()
    waiting = selectors.DefaultSelector()
    waiting.register(sys.stdin, selectors.EVENT_READ, "end")
    waiting.register(listener, selectors.EVENT_READ, "begin")
    while True:
        for key, _ in waiting.select():
            if key.data == "end":
                os._exit(0)  # what was imported takes seconds to end
            if key.data == "begin":
                caller, _ = listener.accept()
                request, streams = receive(caller)
                pid = os.fork()
                if not pid:
                    listener.close()
                    caller.close()
                    return become(client, streams, *request)
                for stream in streams:
                    os.close(stream)
                process = os.pidfd_open(pid)
                both = pid, process, caller
                waiting.register(process, selectors.EVENT_READ, both)
                waiting.register(caller, selectors.EVENT_READ, both)
                continue
            pid, process, caller = key.data
            if key.fileobj is caller:  # it was killed
                waiting.unregister(caller)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                continue
            _, status = os.waitpid(pid, 0)
            waiting.unregister(process)
            with contextlib.suppress(KeyError):
                waiting.unregister(caller)
            with contextlib.suppress(OSError):
                caller.sendall(b"%d" % os.waitstatus_to_exitcode(status))
            caller.close()
            os.close(process)


def receive(caller):
    """Arguments, environment and folder, and the three streams."""
    length, streams, _, _ = socket.recv_fds(caller, 8, 3)
    request = b""
    while len(request) < int.from_bytes(length):
        request += caller.recv(2**16)
    return json.loads(request), streams


def become(client, streams, arguments, environment, folder):
    """Does the work of a new process in this one."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.executable = client
    if "LIGHT_RUNS" in environment:
        reporting = sys.modules["keras_qlae.runs.reporting"]
        reporting.write_figures = lambda *_: []
        reporting.write_page = lambda *_: True
    sys.path[:0] = ["", *environment.get("PYTHONPATH", "").split(os.pathsep)]
    how, what, *rest = arguments
    if how == "-c":
        sys.argv = ["-c", *rest]
        return exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})
    assert how == "-m", arguments
    sys.argv = [what, *rest]
    return runpy.run_module(what, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    serve(*sys.argv[1:])
