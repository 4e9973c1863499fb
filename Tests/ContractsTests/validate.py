"""Judges every example by Python's jsonschema: a line `<name> valid` or `<name> invalid` for each. Exit status 77: no jsonschema."""
import glob, json, os, sys, warnings

try:
    warnings.simplefilter("ignore")
    from jsonschema import Draft7Validator, FormatChecker, RefResolver
except ImportError:
    sys.exit(77)

contracts = sys.argv[1]
schemas = {}
for path in glob.glob(os.path.join(contracts, "schemas", "*.schema.json")):
    with open(path) as file:
        schema = json.load(file)
    Draft7Validator.check_schema(schema)
    assert os.path.basename(path) == schema["$id"].rsplit("/", 1)[1], path
    schemas[schema["$id"]] = schema
base = schema["$id"].rsplit("/", 1)[0]
for path in sorted(glob.glob(os.path.join(contracts, "examples", "*.json"))):
    name = os.path.basename(path)[:-len(".json")]
    schema = schemas[f"{base}/{name.split('.valid')[0].split('.invalid')[0]}.schema.json"]
    validator = Draft7Validator(
        schema, resolver=RefResolver(schema["$id"], schema, store=schemas), format_checker=FormatChecker())
    with open(path) as file:
        print(name, "valid" if validator.is_valid(json.load(file)) else "invalid")
