#!/usr/bin/env python3
"""Puts the checks' findings in the order in which somebody should look at them."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
import season

WEIGHT = {"high": 3, "medium": 2, "low": 1}


def main():
    order = season.order()
    findings = [finding for list_ in order["input"]["findings"] for finding in list_ or []]
    findings.sort(key=lambda f: (-WEIGHT[f["severity"]], f["area"], f["id"]))
    high = sum(f["severity"] == "high" for f in findings)
    box_office = {row["slug"]: row["revenue_cents"] for row in order["input"]["box_office"]}
    captured = {row["slug"]: row["revenue_cents"] for row in order["input"]["captured"]}
    apart = sorted(((abs(box_office[s] - captured[s]), s) for s in box_office if box_office[s] != captured.get(s)), reverse=True)
    steps = [{"step": n, "area": f["area"], "severity": f["severity"], "finding": f["id"], "do": f["next"]}
             for n, f in enumerate(findings[:10], 1)]
    for cents, slug in apart[:3]:
        steps.append({"step": len(steps) + 1, "area": "payments", "severity": "high", "finding": f"revenue-{slug}",
                      "do": f"Box office and processor are {cents / 100:.2f} apart on {slug}: look at door sales and chargebacks"})
    report = {"ready": high == 0 and not apart, "high": high, "findings": len(findings), "events_in_dispute": len(apart)}
    season.artifact("result", {"readiness": report, "where_to_look_next": steps}, 0.95,
                    "ready" if report["ready"] else f"not ready: {high} high findings, {len(apart)} figures in dispute")
    season.result({"readiness": report, "where_to_look_next": steps})


main()
