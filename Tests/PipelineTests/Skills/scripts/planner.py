import json
import sys

given = json.load(sys.stdin)["input"]
# Asked by a goal, it finds them in the request's input.
tasks = given["tasks"] if "tasks" in given else given["input"]["tasks"]
print(json.dumps({"type": "result", "output": {"skills": given.get("skills")}, "expansion": {"tasks": tasks}}))
