#include "CSchema.h"

#include <cstdlib>
#include <cstring>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#define VALIJSON_USE_EXCEPTIONS 1
#include "JSONCAdapter.hpp"
#include <valijson/constraint_builder.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

using valijson::adapters::JSONCAdapter;

namespace {

/// Who answers the checks of the validation that runs on this thread.
thread_local const baton_checks *currentChecks = nullptr;

/// Thrown to end a walk whose problems nobody would read.
struct Enough {};

void stopIfEnough(const valijson::ValidationResults *results) {
    if (results && results->numErrors() > 1000) throw Enough();
}

/// `"baton": [n, …]`: checks that the caller answers.
struct CallerConstraint : public valijson::constraints::PolyConstraint {
    std::vector<size_t> checks;

    bool validate(
        const valijson::adapters::Adapter &target, const std::vector<std::string> &context,
        valijson::ValidationResults *results) const override
    {
        json_object *value = static_cast<const JSONCAdapter &>(target).raw();
        stopIfEnough(results);
        bool valid = true;
        for (size_t check : checks) {
            char *problem = nullptr;
            if (currentChecks->passes(currentChecks->context, check, value, results ? &problem : nullptr)) continue;
            if (!results) return false;
            results->pushError(context, problem ? problem : "");
            std::free(problem);
            valid = false;
        }
        return valid;
    }

private:
    Constraint *cloneInto(void *memory) const override { return new (memory) CallerConstraint(*this); }
    size_t sizeOf() const override { return sizeof(CallerConstraint); }
};

struct CallerConstraintBuilder : public valijson::ConstraintBuilder {
    valijson::constraints::Constraint *make(const valijson::adapters::Adapter &numbers) const override {
        std::unique_ptr<CallerConstraint> constraint(new CallerConstraint());
        numbers.applyToArray([&](const valijson::adapters::Adapter &number) {
            constraint->checks.push_back(static_cast<size_t>(number.asInteger()));
            return true;
        });
        return constraint.release();
    }
};

const char *nameOf(const JSONCAdapter &value) {
    if (value.isInteger()) return "a whole number";
    switch (json_object_get_type(value.raw())) {
    case json_type_null: return "null";
    case json_type_boolean: return "a boolean";
    case json_type_string: return "a string";
    case json_type_array: return "an array";
    case json_type_object: return "an object";
    default: return "a number";
    }
}

const char *nameOf(valijson::constraints::TypeConstraint::JsonType type) {
    typedef valijson::constraints::TypeConstraint Type;
    switch (type) {
    case Type::kArray: return "an array";
    case Type::kBoolean: return "a boolean";
    case Type::kInteger: return "a whole number";
    case Type::kNull: return "null";
    case Type::kNumber: return "a number";
    case Type::kObject: return "an object";
    case Type::kString: return "a string";
    default: return "anything";
    }
}

}  // namespace

namespace valijson {

// What valijson does otherwise: a type that does not fit says what was expected.
template <>
bool ValidationVisitor<JSONCAdapter>::visit(const TypeConstraint &constraint) {
    stopIfEnough(m_results);
    bool fits = false;
    constraint.applyToNamedTypes(ValidateNamedTypes(m_target, false, true, m_strictTypes, &fits));
    if (fits || !m_results) return fits;
    std::string expected;
    constraint.applyToNamedTypes([&](constraints::TypeConstraint::JsonType type) {
        expected += (expected.empty() ? "" : " or ") + std::string(nameOf(type));
        return true;
    });
    m_results->pushError(m_context, "type: must be " + expected + ", not " + nameOf(m_target));
    return false;
}

// Names are seen as json-c strings, and the one that does not fit is named.
template <>
bool ValidationVisitor<JSONCAdapter>::visit(const PropertyNamesConstraint &constraint) {
    if (!m_target.isObject()) return true;
    for (const JSONCAdapter::ObjectMember member : m_target.asObject()) {
        std::unique_ptr<json_object, int (*)(json_object *)> name(
            json_object_new_string_len(member.first.data(), static_cast<int>(member.first.size())), json_object_put);
        ValidationVisitor<JSONCAdapter> visitor(
            JSONCAdapter(name.get()), m_context, m_strictTypes, nullptr, m_regexesCache);
        if (visitor.validateSchema(*constraint.getSubschema())) continue;
        if (m_results) {
            std::vector<std::string> place = m_context;
            place.push_back("[" + member.first + "]");
            m_results->pushError(place, "propertyNames: a member may not have this name");
        }
        return false;
    }
    return true;
}

// The caller matches, in linear time; std::regex recurses once per character. The “pattern” is the caller's number.
template <>
template <typename StringType>
bool ValidationVisitor<JSONCAdapter>::ValidatePatternPropertySubschemas::operator()(
    const StringType &number, const Subschema *subschema) const
{
    const size_t pattern = static_cast<size_t>(std::strtoul(number.c_str(), nullptr, 10));
    for (const JSONCAdapter::ObjectMember member : m_object) {
        if (!currentChecks->matches(currentChecks->context, pattern, member.first.c_str())) continue;
        m_propertiesMatched->insert(member.first);
        std::vector<std::string> place = m_context;
        place.push_back("[" + member.first + "]");
        ValidationVisitor visitor(member.second, place, m_strictTypes, m_results, m_regexesCache);
        if (visitor.validateSchema(*subschema)) continue;
        *m_validated = false;
        if (!m_results) return false;
    }
    return true;
}

}  // namespace valijson

struct baton_schema {
    valijson::Schema schema;
};

baton_schema *baton_schema_compile(json_object *schema, char *error, size_t size) {
    try {
        std::unique_ptr<baton_schema> compiled(new baton_schema());
        valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
        parser.addConstraintBuilder("baton", new CallerConstraintBuilder());  // the parser deletes it
        parser.populateSchema(JSONCAdapter(schema), compiled->schema);
        return compiled.release();
    } catch (const std::exception &problem) {
        std::strncpy(error, problem.what(), size - 1);
        error[size - 1] = 0;
        return nullptr;
    }
}

void baton_schema_free(baton_schema *schema) { delete schema; }

bool baton_schema_validate(
    const baton_schema *schema, json_object *value, const baton_checks *checks, baton_report report, void *context)
{
    struct Current {
        const baton_checks *before = currentChecks;
        explicit Current(const baton_checks *checks) { currentChecks = checks; }
        ~Current() { currentChecks = before; }
    } current(checks);
    try {
        valijson::Validator validator;
        valijson::ValidationResults results;
        bool valid = false;
        try {
            valid = validator.validate(schema->schema, JSONCAdapter(value), report ? &results : nullptr);
        } catch (const Enough &) {
        }
        for (const auto &problem : results) {
            std::vector<std::string> tokens;
            for (size_t i = 1; i < problem.context.size(); i++)  // the first is "<root>", the others "[name]"
                tokens.push_back(problem.context[i].substr(1, problem.context[i].size() - 2));
            std::vector<const char *> path;
            for (const auto &token : tokens) path.push_back(token.c_str());
            report(context, path.data(), path.size(), problem.description.c_str());
        }
        return valid;
    } catch (const std::exception &problem) {
        if (report) report(context, nullptr, 0, problem.what());
        return false;
    }
}
