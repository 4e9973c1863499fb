#!/usr/bin/env python3
"""Measures what grows: history, one workflow, many workflows, those that wait, and what it costs to do nothing.

    make bench-growth
    PARTS=idle,wide make bench-growth       some of it: idle, many, wide, history, waiting; none: only the tables
    FINISHED=100000 WAITING=10000 make …    less of it (1,000,000 finished workflows, 100,000 that wait)

Starts `baton dev` and itself beside it, and writes the tables of docs/performance.md; the JSON lines go to
.baton/growth.jsonl. The whole takes half an hour and 20 GB.
"""
import json, os, re, shutil, statistics, subprocess, sys
import run as bench

DATA = bench.DATA / "growth"
RESULTS = bench.DATA / "growth.jsonl"
PARTS = [part for part in os.environ.get("PARTS", "idle,many,wide,history,waiting").split(",") if part]
FINISHED = int(os.environ.get("FINISHED", "1000000"))
WAITING = int(os.environ.get("WAITING", "100000"))
IDLE_SECONDS = 60
PROCESSES = ("planner", "dispatcher", "gatherer", "data-read", "notifier", "api")


def note(part, record):
    print(json.dumps(record), flush=True)
    with RESULTS.open("a") as file:
        file.write(json.dumps({"part": part, **record}) + "\n")


def load(part, workload, workflows, *more):
    lines = bench.run(bench.BATON, "bench", "--workload", workload, "--workflows", workflows, *more,
                      "--output", "json", stdout=subprocess.PIPE, text=True).stdout
    for line in lines.splitlines():
        note(part, json.loads(line))


def sql(text):
    return bench.run("psql", "-XqAt", "-v", "ON_ERROR_STOP=1", bench.database("baton"), "-c", text,
                     stdout=subprocess.PIPE, text=True).stdout.strip()


# ---- a history

# One row for each way of naming the workflow; what else names it lies in bodies that nobody reads.
TABLES = {"workflows": "id", "tasks": "workflow_id", "events": "workflow_id", "gatherings": "workflow_id",
          "gathering_tasks": "workflow_id", "artifacts": "workflow_id", "progress": "workflow_id"}
NAME = "'wf-' || md5('grown-' || n)"
AGE = "n * interval '15 s'"


def copies(table, key, template, first, last):
    """The rows of one real workflow, as those of the workflows `first` to `last`, which began every 15 s."""
    begun = f"(SELECT created_at FROM baton.workflows WHERE id = '{template}')"
    columns = sql(f"SELECT column_name FROM information_schema.columns WHERE table_schema = 'baton' "
                  f"AND table_name = '{table}' AND is_generated = 'NEVER' ORDER BY ordinal_position").split()
    values = {key: NAME, "month": f"date_trunc('month', {begun} AT TIME ZONE 'UTC' - {AGE})::date",
              "request_id": "'grown-' || n"}
    if table == "workflows":
        values |= {column: f"t.{column} - {AGE}" for column in ("created_at", "started_at", "ended_at")}
    else:
        values |= {"id": "md5(t.id || n)", "causation": "md5(t.causation || n)"}
    chosen = ", ".join(values.get(column, f"t.{column}") for column in columns)
    return f"INSERT INTO baton.{table} ({', '.join(columns)}) SELECT {chosen} FROM baton.{table} t, " \
           f"generate_series({first}, {last}) n WHERE t.{key} = '{template}';"


def grow(count):
    """Makes one finished workflow of the product's own so many of them."""
    template = sql("SELECT id FROM baton.workflows WHERE name = 'bench-single' AND status = 'succeeded' LIMIT 1")
    months = ", ".join(f"(now() - {month} * interval '30 days')::date" for month in range(count * 15 // 2592000 + 2))
    sql(f"SELECT baton.ensure_events_of(ARRAY[{months}])")
    for first in range(1, count + 1, 50000):
        last = min(first + 49999, count)
        # The copies are as consistent as what they are copied from: foreign keys are not looked up for each row.
        sql("SET session_replication_role = replica; BEGIN;"
            + "".join(copies(table, key, template, first, last) for table, key in TABLES.items()) + "COMMIT;")
        print(f"{last:,} finished workflows", flush=True)
    sql("VACUUM ANALYZE")
    sql("CHECKPOINT")
    rows = {table: int(sql(f"SELECT count(*) FROM baton.{table}")) for table in TABLES}
    note("rows", {"rows": rows, "bytes": int(sql("SELECT pg_database_size('baton')"))})


# ---- the parts

def idle():
    text = subprocess.run([bench.ROOT / "scripts/footprint", DATA, str(IDLE_SECONDS)], stdout=subprocess.PIPE,
                          text=True).stdout
    # Those that a process has started count as it; of PostgreSQL only the first one can be told.
    sums = {}
    for name, cpu, memory in re.findall(r"^(\S+) +\d+ +([0-9.]+) +([0-9.]+)", text, re.M):
        if name in (*PROCESSES, "rabbitmq"):
            sums[name] = [a + b for a, b in zip(sums.get(name, (0, 0)), (float(cpu), float(memory)))]
    for name, (cpu, memory) in sums.items():
        note("idle", {"process": name, "cpu_percent": cpu, "rss_mb": memory})


def many():
    for workflows in (100, 1000, 10000):
        load("many", "fan", workflows, *(["--repeat", bench.REPEAT] if workflows < 10000 else []))


def wide():
    """4,000 tasks in workflows of 10, of 100, of 1,000; small, for a join is given all outputs and bears 512 KiB."""
    for leaves, workflows in ((8, 400), (98, 40), (997, 4)):
        load("wide", "fan", workflows, "--tasks", leaves, "--payload", 64, "--warm-up", 1, "--repeat", bench.REPEAT)


def history():
    load("few", "fan", 1000, "--repeat", bench.REPEAT)
    load("seed", "single", 1)
    grow(FINISHED)
    load("history", "fan", 1000, "--repeat", bench.REPEAT)


def waiting():
    load("waiting", "approval", WAITING, "--warm-up", 1, "--patience", 300)


# ---- tables

def rows_of(part):
    records = [json.loads(line) for line in RESULTS.read_text().splitlines()]
    return [record for record in records if record["part"] == part]


def groups_of(part, key):
    groups = {}
    for record in rows_of(part):
        groups.setdefault(key(record), []).append(record)
    return groups


def cost(group):
    return bench.median(group, "cpu_ms_per_task")


def figures(group):
    return [bench.short(bench.median(group, key)) for key in ("tasks_per_s", "cpu_ms_per_task", "foreign_cores")]


def table_of(head, groups):
    """Each beside the first."""
    first = cost(next(iter(groups.values())))
    return bench.table([head, "tasks/s", "CPU ms/task", "other cores", "CPU beside the first"],
                       [[name, *figures(group), f"{cost(group) / first:.2f}"] for name, group in groups.items()])


def tables():
    parts = []
    few, grown, sizes = rows_of("few"), rows_of("history"), rows_of("rows")
    if few and grown:
        rows = sum(sizes[0]["rows"].values())
        ratio = bench.median(grown, "tasks_per_s") / bench.median(few, "tasks_per_s")
        parts.append(
            f"**History.** {FINISHED:,} finished workflows are {rows:,} rows and {sizes[0]['bytes'] / 1e9:.1f} GB. Fans × "
            f"1000 do {ratio:.0%} of the tasks a second that they do without (wanted: at least 90 %).\n")
        parts.append(table_of("database", {"nearly empty": few, f"{FINISHED:,} finished workflows": grown}))
    if groups := groups_of("wide", lambda r: f"{r['n']} of {r['settings']['tasks'] + 2:,} tasks"):
        costs = [cost(group) for group in groups.values()]
        parts.append(f"**One workflow.** A task of the largest costs {costs[-1] / costs[0]:.2f} times one of the smallest "
                     "(wanted: at most 1.2).\n")
        parts.append(table_of("workflows", groups))
    if groups := groups_of("many", lambda r: f"{r['n']:,}"):
        parts.append("**Many workflows**, all asked for at once (wanted: a flat processor time a task).\n")
        parts.append(table_of("fans", groups))
    for record in rows_of("waiting"):
        memory = [[name, bench.short(record.get(f"peak_rss_mb_{name}")),
                   bench.short(record.get(f"cpu_s_{name}", 0) / record["n"] * 1000)]
                  for name in (*PROCESSES, "rabbitmq", "postgres")]
        parts.append(f"**Waiting.** {record['n']:,} workflows of one task and an approval; nobody says anything until all "
                     f"of them wait, then all go on: {record['workflows_per_s']:,.0f} workflows/s from the first request to "
                     "the last end (wanted: memory that is bounded).\n")
        parts.append(bench.table(["process", "peak MB", "CPU ms/workflow"], memory))
    if records := rows_of("idle"):
        over = [r["process"] for r in records if r["process"] in PROCESSES and r["cpu_percent"] >= 1]
        parts.append(f"**Idle**, over {IDLE_SECONDS} s (wanted: each process under 1 % of a core"
                     + (f"; more: {', '.join(over)}" if over else "") + ").\n")
        parts.append(bench.table(["process", "% of a core", "MB"], [
            [r["process"], f"{r['cpu_percent']:.2f}", f"{r['rss_mb']:.0f}"] for r in records]))
    return "\n".join(parts)


def measure():
    skills = bench.DATA / "bench-skills"
    shutil.rmtree(DATA, ignore_errors=True)
    try:
        bench.run(bench.BATON, "bench", "--write-skills", skills)
        bench.run(bench.BATON, "dev", "--data", DATA, "--skills", skills, "--", sys.executable, __file__, "--inside")
    finally:
        shutil.rmtree(DATA, ignore_errors=True)


def main():
    if "--inside" in sys.argv:
        for part in PARTS:
            {"idle": idle, "many": many, "wide": wide, "history": history, "waiting": waiting}[part]()
        return
    bench.DATA.mkdir(exist_ok=True)
    # Parts that are not measured again stay as they are.
    again = set(PARTS) | ({"few", "seed", "rows"} if "history" in PARTS else set())
    kept = [line for line in (RESULTS.read_text().splitlines() if RESULTS.exists() else [])
            if json.loads(line)["part"] not in again]
    RESULTS.write_text("".join(line + "\n" for line in kept))
    if PARTS:
        measure()
    bench.write("growth", tables(), "growth.py")


if __name__ == "__main__":
    main()
