#!/usr/bin/env python3
"""Measures single steps: JSON, envelopes, schemas, engine and merge in memory, and the hot statements on a database
of 1,000,000 tasks; writes the tables of docs/performance.md.

    make bench-micro
    FILTER='merge.*' make bench-micro       some of it, printed and not written

Runs Benchmarks/Micro and Benchmarks/Statements (ordo-one's benchmark package) beside a private PostgreSQL.
"""
import json, os, shutil, subprocess, sys
import run as bench

SCRATCH = bench.ROOT / ".build-bench"
DATA = bench.DATA / "micro"
OUTPUT = SCRATCH / "results"
FILTER = os.environ.get("FILTER")
WORKFLOWS = int(os.environ.get("BATON_BENCH_WORKFLOWS", "100000"))
# How much one sample is: things done, or workflows in a batch.
TARGETS = {"MicroBenchmarks": 1000, "StatementBenchmarks": 100}


def fill():
    """A database with the whole schema and many rows; its name."""
    server = bench.database("postgres")
    bench.run("psql", "-Xq", server, "-c", "CREATE DATABASE bench TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'")
    url = bench.database("bench")
    bench.run(bench.BATON, "migrate", env=dict(os.environ, BATON_DATABASE_URL=url), stdout=subprocess.DEVNULL)
    bench.run("psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-v", f"workflows={WORKFLOWS}", url, "-f",
              bench.ROOT / "Benchmarks/Statements/rows.sql", stdout=subprocess.DEVNULL)
    return url


def measure():
    environment = dict(os.environ, BATON_BENCHMARKS="1", BATON_BENCH_POSTGRES_URL=fill())
    more = ["--filter", FILTER] if FILTER else []
    shutil.rmtree(OUTPUT, ignore_errors=True)
    OUTPUT.mkdir(parents=True)
    bench.run("swift", "package", "--scratch-path", SCRATCH, "--allow-writing-to-directory", OUTPUT, "benchmark",
              "--format", "jmh", "--path", OUTPUT, "--no-progress", *more, env=environment)


def results():
    """Of each benchmark by target: microseconds of one thing, p50 and p99."""
    found = {target: {} for target in TARGETS}
    for file in OUTPUT.glob("*"):
        for record in json.loads(file.read_text()):
            _, _, target, name = record["benchmark"].split(".", 3)
            clock = record["secondaryMetrics"]["Time (wall clock)"]["scorePercentiles"]
            found[target][name.replace("_", " ")] = [value / TARGETS[target] for value in (clock["50.0"], clock["99.0"])]
    return found


def tables():
    names = {"MicroBenchmarks": "in memory", "StatementBenchmarks": "statement, for one workflow of a batch of 100"}
    parts = []
    for target, found in results().items():
        if found:
            rows = [[name, *(f"{value:,.2f}" for value in values)] for name, values in sorted(found.items(), key=order)]
            parts.append(bench.table([names[target], "µs, p50", "p99"], rows))
    return "\n".join(parts)


def order(item):
    """Numbers by size: after 10, after 100 …"""
    return [int(word.replace(",", "")) if word.replace(",", "").isdigit() else 0 for word in item[0].split()], item[0]


def main():
    if "--inside" in sys.argv:
        return measure()
    shutil.rmtree(DATA, ignore_errors=True)
    try:
        bench.run(bench.BATON, "dev", "--services-only", "--data", DATA, "--", sys.executable, __file__, "--inside")
    finally:
        shutil.rmtree(DATA, ignore_errors=True)
    if FILTER:
        print(tables())
    else:
        bench.write("single steps", tables(), "micro.py")


if __name__ == "__main__":
    main()
