#ifndef BATON_CSCHEMA_H
#define BATON_CSCHEMA_H

#include <stdbool.h>
#include <stddef.h>

// JSON Schema (draft-07) by valijson over json-c's tree.
//
// valijson walks the schema and the value. What it does inexactly or dangerously (patterns and formats by std::regex,
// numbers as doubles, enum and uniqueItems by comparing doubles) is answered by the caller: in place of those keywords
// a schema has `"baton": [n, …]`, and each n is asked about with `passes`. The names in `patternProperties` are such
// numbers too, asked about with `matches`.

#ifdef __cplusplus
extern "C" {
#endif

struct json_object;
typedef struct baton_schema baton_schema;

typedef struct {
    const void *context;
    /// Whether the value passes check n. If not and `problem` is not NULL, it is set to a text from malloc.
    bool (*passes)(const void *context, size_t check, struct json_object *value, char **problem);
    /// Whether a member's name matches pattern n.
    bool (*matches)(const void *context, size_t pattern, const char *name);
} baton_checks;

/// Told of each problem: the way to the value (names and indices in decimal) and what is wrong.
typedef void (*baton_report)(void *context, const char *const *path, size_t length, const char *problem);

/// - Returns: NULL for a schema that valijson refuses; then `error` says why.
baton_schema *baton_schema_compile(struct json_object *schema, char *error, size_t size);
void baton_schema_free(baton_schema *schema);

/// Any number of threads may validate with one schema, each a value of its own.
///
/// - Parameter report: NULL to stop at the first problem.
bool baton_schema_validate(
    const baton_schema *schema, struct json_object *value, const baton_checks *checks,
    baton_report report, void *context);

#ifdef __cplusplus
}
#endif
#endif
