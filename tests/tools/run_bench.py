#!/usr/bin/env python3
"""Measure runs in the language server as a client sees them.

  run_bench.py target/release/draft-tasks                everything
  run_bench.py target/release/draft-tasks start stop     some of it

start   from the write of workspace/executeCommand to the word that the process is there
stop    from the write of draft-tasks.stop to the end of the last process of the task, all of
        which heed TERM: a shell, a child of it, and one in a session of its own
many    1,000 tasks in one phase, from the command to the end of the run
output  5 GB of lines to a client that reads them: throughput and the most memory of the server

Times are wall-clock milliseconds; docs/performance.md has what came of it.  Python 3.11 standard
library only.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from lsp_client import Client, client_capabilities, file_uri, now, proc_usage, process_tree

TASKS = {
    "quick": "true",
    "tree": "sh -c 'sleep 600 & setsid sleep 601 & echo ready; wait'",
    "much": "sh -c 'yes \\\"a line of output as a program may write it, neither short nor long\\\" | head -c 5000000000'",
}
STARTS, STOPS = 50, 30


class Runs(Client):
    """A client that shows output itself, and keeps of it only how much it was."""

    def __init__(self, program: str, folder: Path):
        env = {"DRAFT_TASKS_STATE_DIR": str(folder / "state")}
        super().__init__([program, "lsp"], folder, folder / "stderr", env=env)
        self.output = 0
        self.lines: list[str] = []
        self.states: dict[str, list[tuple[float, dict]]] = {}

    def _dispatch(self, msg, t, size):
        if msg.get("method") == "draft-tasks/output":
            text = msg["params"]["text"]
            self.output += len(text)
            self.lines = [text[-200:]]
        elif msg.get("method") == "draft-tasks/run":
            self.states.setdefault(msg["params"]["run"], []).append((t, msg["params"]))
        else:
            super()._dispatch(msg, t, size)

    def open(self, uri: str, text: str):
        document = {"uri": uri, "languageId": "toml", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})

    def execute(self, command: str, argument: dict) -> tuple[float, dict]:
        begun = now()
        answer = self.request("workspace/executeCommand", {"command": command, "arguments": [argument]})
        if "error" in answer:
            raise SystemExit(f"{command}: {answer['error']}")
        return begun, answer["result"]

    def until(self, run: str, state: str, timeout=60.0) -> tuple[float, dict]:
        def found():
            return [it for it in self.states.get(run, []) if it[1]["state"] == state]

        self.pump(lambda: bool(found()), timeout, f"{state} of {run}")
        return found()[0]


def text() -> str:
    many = "".join(f'task{number} = "true"\n' for number in range(1000))
    tasks = "".join(f'{name} = "{command}"\n' for name, command in TASKS.items())
    return f"[pre-up]\n{tasks}[cleanup]\n{many}"


def told(name: str, times: list[float], limit: float):
    times = sorted(times)
    middle, most = statistics.median(times), times[-1]
    print(f"{name:<8}{middle:8.1f} ms, at most {most:.1f} ms (wanted: at most {limit:g} ms)")


def run_task(client: Runs, uri: str, task: str) -> tuple[float, str]:
    begun, answer = client.execute("draft-tasks.runTask", {"uri": uri, "phase": "pre-up", "task": task})
    return begun, answer["run"]


def measure_start(client: Runs, uri: str):
    times = []
    for _ in range(STARTS):
        begun, run = run_task(client, uri, "quick")
        times.append((client.until(run, "taskStarted")[0] - begun) * 1000)
        client.until(run, "finished")
    told("start", times, 30)


def measure_stop(client: Runs, uri: str):
    times = []
    for _ in range(STOPS):
        client.lines = []
        _, run = run_task(client, uri, "tree")
        client.pump(lambda: "ready" in "".join(client.lines), 30, "the word that all runs")
        while len(process_tree(client.pid)) < 4:
            time.sleep(0.001)
        begun = now()
        client.send_request("workspace/executeCommand", {"command": "draft-tasks.stop", "arguments": [{"run": run}]})
        while len(process_tree(client.pid)) > 1:
            client.step(0)
        times.append((now() - begun) * 1000)
        client.until(run, "finished")
    told("stop", times, 200)


def measure_many(client: Runs, uri: str):
    begun, answer = client.execute("draft-tasks.runPhase", {"uri": uri, "phase": "cleanup"})
    ended, state = client.until(answer["run"], "finished", 300)
    if state["outcome"] != "passed":
        raise SystemExit(f"many: {state}")
    took = (ended - begun) * 1000
    print(f"many    {took:8.0f} ms for 1,000 tasks, {took / 1000:.2f} ms each")


def measure_output(client: Runs, uri: str):
    idle = proc_usage(client.pid)["rss"]
    client.output = 0
    begun, run = run_task(client, uri, "much")
    ended, _ = client.until(run, "finished", 900)
    if client.output != 5_000_000_000:
        raise SystemExit(f"output: {client.output} bytes came")
    rate = client.output / (ended - begun) / 1e6
    most = proc_usage(client.pid)["hwm"]
    print(f"output  {rate:8.0f} MB/s; at most {(most - idle) / 2**20:.1f} MiB over {idle / 2**20:.1f} MiB at rest "
          "(wanted: at most 64 MiB)")


MEASURES = {"start": measure_start, "stop": measure_stop, "many": measure_many, "output": measure_output}


def main(arguments: list[str]) -> int:
    if not arguments or any(name not in MEASURES for name in arguments[1:]):
        print(__doc__, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        file = folder / ".draft-tasks.toml"
        file.write_text(text())
        client = Runs(str(Path(arguments[0]).resolve()), folder)
        client.start()
        capabilities = client_capabilities(("utf-8",), False, True)
        capabilities["experimental"] = {"draftTasks": {"output": True}}
        client.initialize(capabilities=capabilities)
        uri = file_uri(file)
        client.open(uri, file.read_text())
        client.settle()
        for name in arguments[1:] or MEASURES:
            MEASURES[name](client, uri)
        problem = client.shutdown()
        if problem:
            print(problem, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
