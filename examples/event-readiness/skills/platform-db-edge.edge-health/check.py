#!/usr/bin/env python3
"""Error rates and percentiles of each route and region, with bootstrapped bounds: slow because it resamples."""
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
import season


def percentile(sorted_values, share):
    return sorted_values[min(len(sorted_values) - 1, int(share * len(sorted_values)))]


def main():
    season.order()
    routes = {}
    for row in season.rows("SELECT route, status, milliseconds FROM edge_requests"):
        routes.setdefault(row["route"], []).append((int(row["status"]), int(row["milliseconds"])))
    chance, findings, health = random.Random(1), [], {}
    for done, (route, requests) in enumerate(sorted(routes.items()), 1):
        errors = sum(status >= 500 for status, _ in requests) / len(requests)
        times = sorted(ms for _, ms in requests)
        # How sure is the 95th percentile? Resampling says.
        spread = sorted(percentile(sorted(chance.choices(times, k=len(times))), 0.95) for _ in range(120))
        health[route] = {"requests": len(requests), "error_share": round(errors, 4), "p95_ms": percentile(times, 0.95),
                         "p95_ms_low": spread[3], "p95_ms_high": spread[-4]}
        slug = route.strip("/").replace("/", "-")
        if errors > 0.02:
            findings.append({"id": f"failing-{slug}", "area": "edge", "severity": "high", "title": f"{route} fails too often",
                             "count": round(errors * len(requests)), "evidence": [route],
                             "next": f"See the origin of {route}: {errors:.1%} of its requests end in an error"})
        if spread[3] > 1000:
            findings.append({"id": f"slow-{slug}", "area": "edge", "severity": "medium", "title": f"{route} is slow",
                             "count": percentile(times, 0.95), "evidence": [route],
                             "next": f"Profile {route}: its 95th percentile is {percentile(times, 0.95)} ms"})
        season.progress(done / len(routes), f"{route} measured")
        season.artifact("result", {"edge": health, "findings": findings}, 0.88, f"{done} of {len(routes)} routes measured")
    season.result({"routes": len(health), "findings": findings})


main()
