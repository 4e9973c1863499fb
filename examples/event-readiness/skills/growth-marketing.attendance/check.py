#!/usr/bin/env python3
"""Expected attendance of each event, from what is sold and how many stayed away before, by simulation."""
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
import season


def main():
    order = season.order()
    chance, events = random.Random(2), []
    overview = order["input"]["events"]
    for done, event in enumerate(overview, 1):
        sold = int(event["seats_sold"])
        nights = sorted(sum(chance.random() < 0.91 for _ in range(sold)) for _ in range(300))
        events.append({"slug": event["slug"], "expected_attendance": nights[150],
                       "attendance_range": {"low": nights[7], "high": nights[-8]}})
        season.progress(done / len(overview))
    season.artifact("result", {"events": events}, 0.7, f"attendance of {len(events)} events")
    season.result({"events": len(events), "expected": sum(event["expected_attendance"] for event in events)})


main()
