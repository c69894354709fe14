"""How near a request is to a constant route, and what /rand costs beside searches.

    python3 tests/bench/near.py LIST              ratios, with 1 to 4 reads of far memory as controls
    python3 tests/bench/near.py LIST --searches   /rand alone, and beside clients that search

LIST is a TSV file of valid packages, or a number of generated ones. Build bench-host first: `cargo build
--release --package pyaday-bench --bins`. It needs wrk and taskset. All figures of a round are measured
one after the other, so what disturbs the machine disturbs all of them.
"""

import argparse
import os
import statistics
import subprocess
import tempfile
from pathlib import Path

from servers import HERE, LOAD, SERVER, Bench, Server, load

# The first two take the longest of those in search/queries.rs.
SEARCHES = ["for+python", "e+a", "a", "python", "of+the", "a+for+the", "python+api", "and+the+of"]


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("list", help="the packages")
    parser.add_argument("--searches", action="store_true", help="measure /rand beside searches")
    parser.add_argument("--clients", type=int, default=16, help="that search at the same time")
    parser.add_argument("--framework", action="append", help="axum, actix; both if none is given")
    parser.add_argument("--host", default=None, help="another bench-host")
    parser.add_argument("--processors", default=SERVER, help="of the server, such as 0,1")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2, help="for each route in a round")
    arguments = parser.parse_args()
    arguments.framework = arguments.framework or ["axum", "actix"]
    arguments.packages = arguments.list
    return arguments


def rounds(arguments, measure):
    """The results of each round; the first one only warms up."""
    results = [measure(arguments.seconds if at else 1) for at in range(arguments.rounds + 1)]
    return results[1:]


def median(results, key, figure):
    return statistics.median(result[key][figure] for result in results)


def ratios(server, names, arguments, paths):
    routes = {
        "constant rand": paths("constant-rand", ["/constant/rand"]),
        "/rand": paths("rand", ["/rand"]),
        "constant package": paths("constant-package", ["/constant/package"]),
        "/packages/{name}": paths("names", names),
    }
    for reads in range(1, 5):
        routes[f"{reads} far reads"] = paths(f"reads-{reads}", [f"/constant/reads/{reads}"])
    results = rounds(
        arguments, lambda seconds: {key: load(server, file, seconds) for key, file in routes.items()}
    )
    for key in routes:
        base = "constant package" if "package" in key else "constant rand"
        ratio = statistics.median(result[key]["cpu"] / result[base]["cpu"] for result in results)
        print(f"| {key} | {median(results, key, 'cpu'):.2f} | {ratio:.3f} |")


def beside_searches(server, arguments, paths):
    rand = paths("rand", ["/rand"])
    searches = paths("searches", [f"/packages?q={query}" for query in SEARCHES])

    def measure(seconds):
        alone = load(server, rand, seconds)
        command = ["taskset", "-c", LOAD, "wrk", "-t1", f"-c{arguments.clients}", f"-d{seconds + 2}s"]
        other = subprocess.Popen(
            [*command, "-s", HERE / "load.lua", server.url, searches], stdout=subprocess.DEVNULL
        )
        beside = load(server, rand, seconds)
        other.wait()
        return {"alone": alone, f"beside {arguments.clients} clients": beside}

    results = rounds(arguments, measure)
    for key in results[0]:
        rate, p99 = (median(results, key, figure) for figure in ["rate", "p99"])
        print(f"| /rand {key} | {rate:,.0f} requests/s | p99 {p99:.2f} ms |")


def main():
    arguments = parse()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(arguments, Path(folder))
        host = arguments.host or bench.host
        names = bench.names(None, arguments.list if Path(arguments.list).exists() else int(arguments.list))
        for framework in arguments.framework:
            server = Server([host, framework, "memory:", arguments.list], processors=arguments.processors)
            try:
                print(f"{framework}, load of the machine {os.getloadavg()[0]:.1f}", flush=True)
                if arguments.searches:
                    beside_searches(server, arguments, bench.paths)
                else:
                    ratios(server, names, arguments, bench.paths)
            finally:
                server.stop()


main()
