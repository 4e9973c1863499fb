"""What the checks share: the task on standard input, messages as JSON lines on standard output, rows by psql."""
import csv
import io
import json
import os
import subprocess
import sys


def order():
    return json.load(sys.stdin)


def rows(query):
    """The rows of a query on the domain's own database, as dictionaries of text."""
    command = ["psql", "--no-psqlrc", "--csv", "--quiet", "--set", "ON_ERROR_STOP=1", "--command", query]
    environment = dict(os.environ, PGDATABASE=os.environ["BATON_DOMAIN_DATABASE_URL"], PGOPTIONS="-c default_transaction_read_only=on")
    done = subprocess.run(command + ["--dbname", environment["PGDATABASE"]], env=environment, capture_output=True, text=True)
    if done.returncode:
        say({"type": "error", "code": "database", "message": done.stderr.strip()[-500:], "permanent": False})
        sys.exit(1)
    return list(csv.DictReader(io.StringIO(done.stdout)))


def say(message):
    print(json.dumps(message), flush=True)


def progress(share, message=None):
    say({"type": "progress", "progress": round(share, 3), **({"message": message} if message else {})})


def artifact(name, payload, confidence, summary):
    say({"type": "artifact", "name": name, "kind": "data", "payload": payload, "confidence": confidence, "summary": summary})


def result(output):
    say({"type": "result", "output": output})
