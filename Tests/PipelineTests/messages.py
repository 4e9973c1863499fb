"""Judges messages by Python's jsonschema: lines {"type", "data", "headers"} on standard input; prints those that are not valid."""
import glob, json, os, sys, warnings

try:
    warnings.simplefilter("ignore")
    from jsonschema import Draft7Validator, FormatChecker, RefResolver
except ImportError:
    sys.exit(77)

schemas = {}
for path in glob.glob(os.path.join(sys.argv[1], "schemas", "*.schema.json")):
    with open(path) as file:
        schema = json.load(file)
    schemas[schema["$id"]] = schema
base = next(iter(schemas)).rsplit("/", 1)[0]


def validator(name):
    schema = schemas[f"{base}/{name}.schema.json"]
    return Draft7Validator(
        schema, resolver=RefResolver(schema["$id"], schema, store=schemas), format_checker=FormatChecker())


validators, envelope, count = {}, validator("envelope"), 0
with open(sys.argv[2]) as file:
    for line in file:
        message = json.loads(line)
        kind = message["type"]
        check = validators.setdefault(kind, validator(kind) if f"{base}/{kind}.schema.json" in schemas else None)
        errors = list(check.iter_errors(message["data"])) if check else [f"no schema for {kind}"]
        for error in errors + list(envelope.iter_errors(message["headers"])):
            print(f"{kind}: {str(error)[:1000]}")
        count += 1
print(f"{count} messages", file=sys.stderr)
