#!/usr/bin/env python3
"""Measures Baton beside the machine's own limits, and beside other systems, in one run; writes docs/performance.md.

    make bench                 the ceilings of broker and database, then every workload
    make bench-peers           the same, then the other systems (Benchmarks/peers)
    QUICK=1 make bench         one repetition of each
    WORKLOADS=fan,chain make bench

`Benchmarks/run.py` starts `baton dev` and itself beside it; the JSON lines go to .baton/bench.jsonl.
"""
import json, os, pathlib, re, shutil, statistics, subprocess, sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BATON = os.environ.get("BATON", str(ROOT / ".build/release/baton"))
DATA = ROOT / ".baton"
RESULTS = DATA / "bench.jsonl"
QUICK = bool(os.environ.get("QUICK"))
REPEAT = 1 if QUICK else 3
WORKLOADS = {
    "fan": ["--workflows", "1000"],
    "chain": ["--workflows", "10"],
    "single": ["--workflows", "200"],
    "partial": ["--workflows", "1", "--warm-up", "1"],
    "mixed": ["--workflows", "600"],
}
# With publisher confirms or commits: both the messages and the state of their workflows survive a crash.
DURABLE = ("celery/pg", "dbos/")


def run(*words, **more):
    return subprocess.run([str(word) for word in words], check=True, **more)


def note(record):
    with RESULTS.open("a") as file:
        file.write(json.dumps(record) + "\n")


# ---- beside a `baton dev`

def ceiling():
    """The same messages and rows, by a C program and pgbench: what the servers of this very run can do at all."""
    program = DATA / "amqp_ceiling"
    run("gcc", "-O2", "-Wall", "-o", program, ROOT / "Benchmarks/ceiling/amqp_ceiling.c", "-lrabbitmq", "-lpthread")
    environment = dict(os.environ, AMQP_URL=os.environ["BATON_TEST_AMQP_URL"])
    lines = run(program, "pipe", 20000 if QUICK else 40000, env=environment, stdout=subprocess.PIPE, text=True).stdout
    for line in lines.splitlines():
        note(json.loads(line))


def database(name):
    """Of the server beside us, as its administrator."""
    return re.sub(r"(//[^/?]+)(/\w*)?", rf"\1/{name}", os.environ["BATON_TEST_POSTGRES_URL"], count=1)


def database_ceiling():
    url = database("postgres")
    folder = ROOT / "Benchmarks/ceiling"
    bench = shutil.which("pgbench") or sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/pgbench"))[-1]
    run("psql", "-q", url, "-f", folder / "schema.sql", stderr=subprocess.DEVNULL)
    for script, rows in (("commit1", 1), ("commit100", 100)):
        for clients in (1, 8):
            text = run(bench, "-n", "-M", "prepared", "-f", folder / f"{script}.sql", "-c", clients, "-j", 1,
                       "-T", 2 if QUICK else 5, url, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
            commits = float(re.search(r"^tps = ([0-9.]+)", text, re.M)[1])
            note({"peer": "ceiling-pg", "workload": script, "n": clients, "commits_per_s": commits,
                  "rows_per_s": commits * rows})
    run("psql", "-q", url, "-c", "DROP TABLE ceiling_events")


def measure():
    wanted = os.environ.get("WORKLOADS", ",".join(WORKLOADS)).split(",")
    database_ceiling()
    for name in wanted:
        # A noisy machine is noisy for both: the limit is measured before and after what is compared with it.
        if name == "fan":
            ceiling()
        repeat = ["--repeat", REPEAT] if name != "partial" else []
        lines = run(BATON, "bench", "--workload", name, *WORKLOADS[name], *repeat, "--output", "json",
                    stdout=subprocess.PIPE, text=True).stdout
        for line in lines.splitlines():
            print(line, flush=True)
            note(json.loads(line))
        if name == "fan":
            ceiling()


# ---- tables

def load():
    groups = {}
    for line in RESULTS.read_text().splitlines():
        record = json.loads(line)
        groups.setdefault((record["peer"], record.get("workload"), record.get("n")), []).append(record)
    return groups


def median(records, key):
    values = [r[key] for r in records if r.get(key) is not None]
    return statistics.median(values) if values else None


def short(value):
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def total_cpu(record):
    """Milliseconds a task, of everything: processes, servers, and whoever asks."""
    tasks = record["tasks_per_s"] * record["wall_s"]
    servers = sum(record.get(f"cpu_s_{name}", 0) for name in ("rabbitmq", "postgres", "redis"))
    return (record["cpu_s_total"] + servers) / tasks * 1000


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def own_tables(groups):
    parts = []
    limit = median(groups.get(("ceiling-amqp", "pipe4", None)) or next(
        (g for k, g in groups.items() if k[:2] == ("ceiling-amqp", "pipe4")), []), "tasks_per_s")
    rows = [["broker: a task as 4 messages through 3 quorum queues, in C", f"{short(limit)} tasks/s"]]
    for (peer, script, clients), group in groups.items():
        if peer == "ceiling-pg":
            rows.append([f"database: {script}, {clients} clients", f"{short(median(group, 'rows_per_s'))} rows/s"])
    parts.append(table(["the machine's limit", "in this run"], rows))
    rows = []
    for (peer, workload, n), group in groups.items():
        if peer != "baton":
            continue
        rate = median(group, "tasks_per_s")
        rows.append([
            f"{workload} × {n}", short(rate), f"{rate / limit:.0%}" if workload == "fan" and limit else "",
            *(short(median(group, key)) for key in (
                "completed_p50_ms", "completed_p99_ms", "step_p50_ms", "step_p99_ms", "first_revision_p50_ms",
                "revision_lag_p99_ms", "cpu_ms_per_task", "queue_messages_per_task", "transactions_per_task",
                "rows_per_task", "wal_bytes_per_task", "peak_rss_mb_total")),
            f"{median(group, 'first_tenth_s') / median(group, 'wall_s'):.0%}", short(median(group, "foreign_cores"))])
    parts.append(table(
        ["workload", "tasks/s", "of the limit", "done p50 ms", "p99", "step p50 ms", "p99", "first revision p50 ms",
         "revision lag p99 ms", "CPU ms/task", "messages/task", "commits/task", "rows/task", "WAL bytes/task",
         "RSS MB", "first tenth", "other cores"], rows))
    return "\n".join(parts)


def where_it_goes(groups):
    """A task's processor time by process, of the fan."""
    group = next((g for k, g in groups.items() if k[:2] == ("baton", "fan")), None)
    if not group:
        return ""
    names = sorted({key[6:] for key in group[0] if key.startswith("cpu_s_")} - {"total", "workers", "client"})
    tasks = median(group, "tasks_per_s") * median(group, "wall_s")
    shares = [(name, median(group, f"cpu_s_{name}") / tasks * 1000) for name in names]
    whole = sum(share for _, share in shares)
    rows = [[name, f"{share:.3f}", f"{share / whole:.0%}"] for name, share in sorted(shares, key=lambda s: -s[1])]
    return table(["process", "CPU ms/task", "share"], rows + [["all", f"{whole:.3f}", "100%"]])


def peer_tables(groups):
    rows = []
    peers = sorted({k[0] for k in groups if not k[0].startswith("ceiling")}, key=lambda p: (p != "baton", p))
    for peer in peers:
        def of(workload):
            return next((g for k, g in groups.items() if k[:2] == (peer, workload) and "failed" not in g[0]
                         and (workload != "fan" or k[2] == 1000)), [])
        fan = [r for r in of("fan") if r.get("tasks_per_s")]
        rows.append([peer, short(median(fan, "tasks_per_s")),
                     short(statistics.median(map(total_cpu, fan))) if fan else "–",
                     *(short(median(of(w), k)) for w in ("chain", "single") for k in ("p50_ms", "p99_ms")),
                     short(median(of("partial"), "p50_ms"))])
    text = table(["system", "fan × 1000 tasks/s", "CPU ms/task, all", "chain step p50 ms", "p99", "single p50 ms",
                  "p99", "first partial ms"], rows)
    rates = {k[0]: median(g, "tasks_per_s") for k, g in groups.items() if k[1] == "fan" and k[2] == 1000}
    durable = {p: r for p, r in rates.items() if p.startswith(DURABLE) and r}
    if rates.get("baton") and durable:
        best = max(durable, key=durable.get)
        text += f"\nThe best peer that keeps both messages and state durable is {best}: " \
                f"Baton does {rates['baton'] / durable[best]:.1f} times its tasks a second.\n"
    return text


def write(name, text, program="run.py"):
    print(f"\n{text}")
    page = ROOT / "docs/performance.md"
    old = page.read_text()
    begin, end = f"<!-- {name}: written by Benchmarks/{program} -->", f"<!-- end of {name} -->"
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.S)
    assert pattern.search(old), f"{page} has no place for {name}"
    page.write_text(pattern.sub(lambda _: f"{begin}\n\n{text.strip()}\n\n{end}", old))


def main():
    if "BATON_TEST_AMQP_URL" in os.environ and "--inside" in sys.argv:
        return measure()
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.unlink(missing_ok=True)
    data, skills = DATA / "bench", DATA / "bench-skills"
    shutil.rmtree(data, ignore_errors=True)
    run(BATON, "bench", "--write-skills", skills)
    run(BATON, "dev", "--data", data, "--skills", skills, "--", sys.executable, __file__, "--inside")
    shutil.rmtree(data, ignore_errors=True)
    if "--peers" in sys.argv:
        run(ROOT / "Benchmarks/peers/run.sh", env=dict(os.environ, BENCH_OUT=str(RESULTS), REPS=str(REPEAT)))
    groups = load()
    write("workloads", own_tables(groups))
    write("where it goes", where_it_goes(groups))
    if "--peers" in sys.argv:
        write("peers", peer_tables(groups))


if __name__ == "__main__":
    main()
