#!/usr/bin/env python3
"""Finds profiles that are one person: same address or number once spelling is set aside, or nearly the same name.

Slow because it compares much: every pair of people who share a part of their name and their city.
"""
import difflib
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
import season


def address(text):
    local, _, domain = (text or "").strip().lower().partition("@")
    return f"{local.split('+')[0]}@{domain}" if domain else None


def number(text):
    digits = re.sub(r"\D", "", text or "")
    return digits.lstrip("0") or None


def name(text):
    return " ".join(sorted(re.findall(r"[a-z]+", text.lower())))


def finding(pairs):
    pairs = sorted(pairs)
    return {"findings": [{"id": "duplicate-profiles", "area": "profiles", "severity": "medium",
                          "title": "Profiles that are one person", "count": len(pairs), "evidence": pairs,
                          "next": "Merge them before votes are counted: one person, one vote"}]}


def main():
    season.order()
    people = season.rows("SELECT id, display_name, email, phone, city FROM profiles ORDER BY id")
    pairs, seen = set(), {}
    for person in people:
        for key in (address(person["email"]), number(person["phone"])):
            if key is None:
                continue
            other = seen.setdefault(key, person)
            if other is not person:
                pairs.add((int(other["id"]), int(person["id"])))
    # What is certain already goes out at once; the slow comparison below may add to it.
    season.artifact("result", finding(pairs), 0.75, f"{len(pairs)} pairs by address or number")
    cities = {}
    for person in people:
        cities.setdefault(person["city"], []).append((name(person["display_name"]), person))
    for done, (city, group) in enumerate(sorted(cities.items()), 1):
        group.sort(key=lambda entry: entry[0])
        for index, (left, one) in enumerate(group):
            for right, two in group[index + 1:index + 40]:
                alike = difflib.SequenceMatcher(None, left, right).ratio()
                if alike > 0.9 and address(one["email"]) == address(two["email"]):
                    pairs.add(tuple(sorted((int(one["id"]), int(two["id"])))))
        season.progress(done / len(cities), f"{city} compared")
    season.artifact("result", finding(pairs), 0.9, f"{len(pairs)} profiles are somebody who is already there")
    season.result({"pairs": len(pairs), "people": len(people), **finding(pairs)})


main()
