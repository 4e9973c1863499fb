#!/usr/bin/env bash
# Runs a chosen set of peers and appends JSON lines to $BENCH_OUT, with the medians as a table at the end.
#
#   ./run.sh                       everything: setup, private services, all peers, stop services
#   ./run.sh celery dbos           only these        (names: celery dramatiq dbos)
#   REPS=1 VARIANTS=redis-solo2 WORKLOADS=fan:200,chain ./run.sh celery
#   KEEP=1                         leave the services running afterwards
#
# AMQP_URL / PG_URL / REDIS_URL: used when set; otherwise services.sh starts private ones.
set -euo pipefail
HERE="$(cd "$(dirname "$0")" && pwd)"
export PEERS_HOME="${PEERS_HOME:-$HOME/.cache/baton-peers}"
export BENCH_OUT="${BENCH_OUT:-$PEERS_HOME/results-$(date +%Y%m%d-%H%M%S).jsonl}"
export REPS="${REPS:-3}"
PY="$PEERS_HOME/venv/bin/python"
[ $# -gt 0 ] || set -- celery dramatiq dbos

"$HERE/setup.sh"
had="${AMQP_URL:+x}${PG_URL:+x}${REDIS_URL:+x}"
"$HERE/services.sh" start >/dev/null
[ -n "${KEEP:-}" ] || [ "$had" = xxx ] || trap '"$HERE/services.sh" clean' EXIT
eval "$("$HERE/services.sh" env)"

# bench <dir> <variants> <workloads>
bench() {
  local v="${VARIANTS:-$2}" w="${WORKLOADS:-$3}"
  ( cd "$HERE/$1" && "$PY" bench.py --variants "$v" --workloads "$w" --reps "$REPS" ) || echo "FAILED: $1 $v" >&2
}
for p in "$@"; do
  case "$p" in
    celery)   bench celery_peer redis-solo2,redis-durable,pg-c4-pf64 fan:1000,chain,single
              [ -n "${VARIANTS:-}" ] || REPS=1 bench celery_peer pg-c4-pf64 partial ;;
    dramatiq) bench dramatiq_peer p2-t2,p2-confirm fan:1000,chain,single ;;
    dbos)     bench dbos_peer steps-w2,queue-w2 fan:1000,chain,single
              [ -n "${VARIANTS:-}" ] || bench dbos_peer inproc chain,single
              [ -n "${VARIANTS:-}" ] || REPS=1 bench dbos_peer steps-w2 partial ;;
    *) echo "unknown peer $p" >&2; exit 2 ;;
  esac
done
echo "results: $BENCH_OUT" >&2
