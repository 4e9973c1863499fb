# One run of a task: a row for the run, and under the idempotency key one effect, in a database of the domain's own.
# Input: n, a number; ms, how long to take; fail_until, the first attempt that succeeds; fail: true, no attempt does.
read -r order
input=${order#'{"input":'}
input=${input%%,'"workflow_id"'*}
# The value of a member, without its quotes; nothing when there is none.
member() {
    case $2 in *"\"$1\":"*) ;; *) return 0 ;; esac
    value=${2#*"\"$1\":"}
    value=${value%%[,\}]*}
    value=${value#\"}
    echo "${value%\"}"
}
n=$(member n "$input") ms=$(member ms "$input") fail_until=$(member fail_until "$input") fail=$(member fail "$input")
key=$(member idempotency_key "$order") attempt=$(member attempt "${order#*'"workflow_id"'}")
read -r run </proc/sys/kernel/random/uuid

record() {
    psql --no-psqlrc --quiet --tuples-only --set ON_ERROR_STOP=1 --set key="$key" --set attempt="$attempt" \
        --set run="$run" --set ended="$1" "$BATON_DOMAIN_DATABASE_URL" <<'SQL' >&2
INSERT INTO runs (key, attempt, run, outcome) VALUES (:'key', :'attempt', :'run', :'ended');
INSERT INTO effects (key, run) SELECT :'key', :'run' WHERE :'ended' = 'done' ON CONFLICT (key) DO NOTHING;
SQL
}
fail() {
    record "$1" || exit 1
    printf '{"type":"error","code":"%s","message":"as it was asked","permanent":%s}\n' "$1" "$2"
    exit 0
}
[ "$fail" != true ] || fail refused true
[ "$attempt" -ge "${fail_until:-1}" ] || fail not_yet false
case ${ms:-0} in 0 | ??) ;; *) record begun || exit 1 ;; esac
case ${ms:-0} in 0) ;; *) sleep "$((ms / 1000)).$(printf %03d $((ms % 1000)))" ;; esac
record done || exit 1
printf '{"type":"result","output":{"n":%s,"run":"%s","attempt":%s}}\n' "$((n + 1))" "$run" "$attempt"
