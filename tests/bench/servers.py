"""Whole servers side by side in one run: `tests/bench/run` calls this.

A server has one processor, the load the other. Each server is loaded for a moment, then the next,
and so round after round, so that what disturbs the machine disturbs all. A figure is the median of
the rounds, a ratio the median of the ratios within a round.
"""

import argparse
import json
import os
import platform
import random
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
SERVER, LOAD = "0", "1"
CONNECTIONS = 64
# No more paths than a client keeps ready; in no order, so that what is far from the processor is.
PATHS = 100_000


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packages", type=int, default=1_000_000, help="of the largest catalogue")
    parser.add_argument("--list", help="a TSV file of valid packages instead: `name`, `summary`")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2, help="for each server in a round")
    arguments = parser.parse_args()
    if arguments.packages < 10_000:
        parser.error("--packages: the largest catalogue is beside one of 3 and one of 1,000")
    return arguments


class Server:
    """A server that is up, alone on its processors while it is loaded."""

    def __init__(self, command, port=None, cwd=None, processors=SERVER):
        self.process = subprocess.Popen(
            ["taskset", "-c", processors, *command],
            cwd=cwd,
            stdout=subprocess.PIPE if port is None else subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        if port is None:
            line = self.process.stdout.readline()
            self.url = line.removeprefix("listening on ").strip().rstrip("/")
        else:
            self.url = f"http://127.0.0.1:{port}"
            wait_for(port)

    def pids(self):
        pids, at = [self.process.pid], 0
        while at < len(pids):
            children = Path(f"/proc/{pids[at]}/task/{pids[at]}/children")
            pids += map(int, children.read_text().split())
            at += 1
        return pids

    def cpu(self):
        """The processor time of all its processes, in seconds: their CPU clocks, see clock(3)."""
        return sum(time.clock_gettime(~pid << 3 | 2) for pid in self.pids())

    def memory(self):
        """Resident, in bytes."""
        return sum(
            int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) * 1024
            for pid in self.pids()
        )

    def stop(self):
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait()


def wait_for(port):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
    sys.exit(f"nothing listens on port {port}")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def load(server, paths, seconds):
    """One moment of load: processor time per request, requests per second, latencies."""
    command = ["taskset", "-c", LOAD, "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s"]
    command += ["--latency", "-s", HERE / "load.lua", server.url, paths]
    before = server.cpu()
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    spent = server.cpu() - before
    if "Non-2xx" in printed or "Socket errors" in printed:
        sys.exit(f"{server.url}: {printed}")
    requests = int(re.search(r"(\d+) requests in", printed)[1])
    return {
        "cpu": spent / requests * 1e6,
        "rate": float(re.search(r"Requests/sec:\s+([\d.]+)", printed)[1]),
        "p50": latency(printed, "50%"),
        "p99": latency(printed, "99%"),
    }


def latency(printed, percentile):
    """In milliseconds."""
    number, unit = re.search(rf"{percentile}\s+([\d.]+)(us|ms|s)", printed).groups()
    return float(number) * {"us": 1e-3, "ms": 1, "s": 1e3}[unit]


class Bench:
    def __init__(self, arguments, folder):
        self.arguments, self.folder = arguments, folder
        self.host = ROOT / "target/release/bench-host"
        self.servers, self.series, self.results = [], {}, {}
        self.sizes = [3, 1_000, arguments.list or arguments.packages]

    def start(self, *arguments, **options):
        self.servers.append(Server(*arguments, **options))
        return self.servers[-1]

    def paths(self, name, paths):
        file = self.folder / name
        file.write_text("\n".join(paths) + "\n")
        return file

    def names(self, server, size):
        """Some names of a catalogue, in no order."""
        if isinstance(size, str):
            with open(size) as rows:
                names = [row.split("\t")[0] for row in rows][1:]
        else:
            command = [self.host, "names", "", str(size)]
            names = subprocess.run(command, capture_output=True, text=True).stdout.split()
        random.Random(1).shuffle(names)
        return [f"/packages/{name}" for name in names[:PATHS]]

    def add(self, key, server, paths):
        self.series[key] = (server, paths)
        self.results[key] = []

    def hosts(self):
        """Ours: either framework, each store, each size, and constant routes beside them."""
        files = {
            "rand": self.paths("rand", ["/rand"]),
            "constant rand": self.paths("constant-rand", ["/constant/rand"]),
            "constant package": self.paths("constant-package", ["/constant/package"]),
        }
        for size in self.sizes:
            label = "all" if size == self.sizes[-1] else size
            names = self.paths(f"names-{label}", self.names(None, size))
            for store in ["memory", "sqlite"]:
                for framework in ["axum", "actix"]:
                    url = f"sqlite:{self.folder}/{framework}-{label}.db"
                    url = "memory:" if store == "memory" else url
                    server = self.start([self.host, framework, url, str(size)])
                    for route, file in [*files.items(), ("package", names)]:
                        self.add((framework, store, label, route), server, file)

    def others(self):
        """What the talk measured, and a file."""
        bin = ROOT / "target/bench/bin"
        apps, rand = HERE / "others", self.paths("rand", ["/rand"])
        flask = ["gunicorn", "-w1", "-kgthread", "--threads=4", "--keep-alive=30"]
        commands = {
            "Flask, gunicorn": lambda port: [*flask, f"-b127.0.0.1:{port}", "flask_app:app"],
            "FastAPI, uvicorn": lambda port: [
                *["uvicorn", "--no-access-log", f"--port={port}", "fastapi_app:app"]
            ],
            "Sanic": lambda port: [
                *["sanic", "sanic_app:app", "--single-process", "--no-access-logs"],
                *["--no-motd", f"--port={port}"],
            ],
        }
        for name, command in commands.items():
            port = free_port()
            program, *rest = command(port)
            self.add((name, "", 3, "rand"), self.start([bin / program, *rest], port, apps), rand)
        root, port = self.folder / "nginx", free_port()
        root.mkdir()
        package = '{"name":"poetry","short_desc":"Python dependency management and packaging made easy."}'
        (root / "rand").write_text(package)
        (root / "nginx.conf").write_text(
            (HERE / "others/nginx.conf").read_text().replace("PORT", str(port))
        )
        server = self.start(["nginx", "-p", root, "-c", "nginx.conf"], port)
        self.add(("nginx, a file", "", 1, "rand"), server, rand)

    def measure(self):
        rounds = self.arguments.rounds
        for at in range(rounds + 1):
            for key, (server, paths) in self.series.items():
                # The first round only warms up.
                result = load(server, paths, self.arguments.seconds if at else 1)
                if at:
                    self.results[key].append(result)
            print(f"round {at} of {rounds}", file=sys.stderr)

    def median(self, key, figure):
        return statistics.median(result[figure] for result in self.results[key])

    def ratio(self, key, other, figure):
        pairs = zip(self.results[key], self.results[other])
        return statistics.median(one[figure] / two[figure] for one, two in pairs)

    def stop(self):
        for server in self.servers:
            server.stop()


def weigh(bench):
    """What all packages take: memory, time to import, time to start."""
    size = str(bench.sizes[-1])
    file = bench.folder / "packages.tsv"
    if bench.arguments.list:
        file = Path(size)
    else:
        with open(file, "w") as out:
            subprocess.run([bench.host, "rows", "", size], stdout=out, check=True)
    count = sum(1 for _ in open(file)) - 1
    rows = []
    for framework in ["axum", "actix"]:
        program = ROOT / f"target/release/serve-{framework}"
        for store in ["memory", "sqlite"]:
            url = f"sqlite:{bench.folder}/weigh-{framework}.db" if store == "sqlite" else "memory:"
            options = [program, "--bind", "127.0.0.1:0", "--store"]
            imports, starts = [], []
            for _ in range(3):
                for path in bench.folder.glob("weigh-*"):
                    path.unlink()
                imports.append(lasting(bench, [*options, url, "--import", file])[0])
                starts.append(lasting(bench, [*options, url]))
            empty = lasting(bench, [*options, "memory:"])[1]
            full = lasting(bench, [*options, url] + (["--import", file] if store == "memory" else []))
            rows.append({
                "framework": framework,
                "store": store,
                "import": count / statistics.median(imports),
                "start": statistics.median(start for start, _ in starts) if store == "sqlite" else None,
                "memory": (full[1] - empty) / count,
            })
    return count, rows


def lasting(bench, command):
    """How long a server takes until it listens, in seconds, and its memory then."""
    begin = time.monotonic()
    server = Server(command)
    took, memory = time.monotonic() - begin, server.memory()
    server.stop()
    return took, memory


def table(bench, count, weights):
    """The figures as Markdown."""
    labels = {3: "3", 1_000: "1,000", "all": f"{count:,}"}
    out = [
        "| server | store | packages | request | CPU µs | over the constant route | requests/s "
        "| p50 ms | p99 ms |",
        "|---|---|--:|---|--:|--:|--:|--:|--:|",
    ]
    for key in bench.results:
        name, store, label, route = key
        over = ""
        if route in ["rand", "package"] and (name, store, label, f"constant {route}") in bench.results:
            over = f"{bench.ratio(key, (name, store, label, f'constant {route}'), 'cpu'):.2f}"
        request = {"rand": "`/rand`", "package": "`/packages/{name}`"}.get(route, route)
        out.append(
            f"| {name} | {store} | {labels.get(label, label)} | {request} "
            f"| {bench.median(key, 'cpu'):.2f} | {over} | {bench.median(key, 'rate'):,.0f} "
            f"| {bench.median(key, 'p50'):.2f} | {bench.median(key, 'p99'):.2f} |"
        )
    out += [
        "",
        f"| {count:,} packages | store | bytes of memory each | import, packages/s | start, s |",
        "|---|---|--:|--:|--:|",
    ]
    for row in weights:
        start = f"{row['start']:.2f}" if row["start"] else ""
        out.append(
            f"| serve-{row['framework']} | {row['store']} | {row['memory']:.0f} "
            f"| {row['import']:,.0f} | {start} |"
        )
    return "\n".join(out)


def machine():
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    rust = subprocess.run(["rustc", "--version"], capture_output=True, text=True).stdout.split()
    return (
        f"{model[1] if model else platform.processor()}, {os.cpu_count()} processors, "
        f"Linux {platform.release().split('-')[0]}, Rust {rust[1]}, "
        f"Python {platform.python_version()}, {time.strftime('%Y-%m-%d')}"
    )


def chart(bench, count):
    """Processor time per request, as a picture."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "pyaday"
    from matplotlib import pyplot

    bars = [(key[0], bench.median(key, "cpu"), "#9aa5b1") for key in bench.results if not key[1]]
    for framework in ["axum", "actix"]:
        key = (framework, "sqlite", "all")
        bars.append((f"pyaday, {framework}: /packages/{{name}}", bench.median((*key, "package"), "cpu"), "#2f6f4f"))
        bars.append((f"pyaday, {framework}: /rand", bench.median((*key, "rand"), "cpu"), "#2f6f4f"))
        bars.append((f"{framework}, a constant", bench.median((*key, "constant rand"), "cpu"), "#b9c4a7"))
    bars.sort(key=lambda bar: -bar[1])
    figure, axes = pyplot.subplots(figsize=(8, 4.2), layout="constrained")
    drawn = axes.barh([name for name, *_ in bars], [cpu for _, cpu, _ in bars], color=[c for *_, c in bars])
    axes.bar_label(drawn, [f" {cpu:.1f} µs" for _, cpu, _ in bars])
    axes.set_xscale("log")
    axes.set_xlim(right=max(cpu for _, cpu, _ in bars) * 2)
    axes.set_xlabel("processor time per request, logarithmic")
    axes.set_title(f"pyaday with {count:,} packages in SQLite; the others with 3", fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(HERE / "servers.svg", metadata={"Date": None})


def publish(text):
    """Writes the figures between the two markers in BENCHMARKS.md."""
    file = ROOT / "BENCHMARKS.md"
    begin, end = "<!-- written by tests/bench/run -->", "<!-- until here -->"
    before, _, rest = file.read_text().partition(begin)
    _, _, after = rest.partition(end)
    file.write_text(f"{before}{begin}\n{text}\n{end}{after}")


def main():
    arguments = parse()
    if arguments.list:
        arguments.list = str(Path(arguments.list).absolute())
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(arguments, Path(folder))
        count, weights = weigh(bench)
        try:
            bench.hosts()
            bench.others()
            bench.measure()
        finally:
            bench.stop()
        settings = f"{arguments.rounds} rounds of {arguments.seconds} s, {CONNECTIONS} connections"
        text = f"{machine()}; {settings}.\n\n{table(bench, count, weights)}"
        print(text)
        publish(text)
        chart(bench, count)


if __name__ == "__main__":
    main()
