"""Reads scenarios, one JSON object a line, from the first file; writes what the reference program makes of every
prefix of their events, one line of canonical text each, to the second."""
import importlib.util
import os
import sys

here = os.path.dirname(os.path.abspath(__file__))
spec = importlib.util.spec_from_file_location("reference", os.path.join(here, "gatherer-reference.py"))
reference = importlib.util.module_from_spec(spec)
spec.loader.exec_module(reference)

with open(sys.argv[1], encoding="utf-8") as scenarios, open(sys.argv[2], "w", encoding="utf-8") as out:
    for line in scenarios:
        scenario = reference.parse(line)
        for count in range(len(scenario["events"]) + 1):
            view = reference.Merge(scenario["definition"], scenario["events"][:count]).view()
            out.write(reference.canon(view) + "\n")
