// valijson's view of json-c's tree (valijson 1.0 has none). Values are borrowed: the tree outlives the adapters.
#pragma once

#include <cstring>
#include <string>
#include <utility>

#include <json.h>

#include <valijson/exceptions.hpp>
#include <valijson/internal/adapter.hpp>
#include <valijson/internal/basic_adapter.hpp>
#include <valijson/internal/frozen_value.hpp>

namespace valijson {
namespace adapters {

class JSONCAdapter;
class JSONCArrayIterator;
class JSONCObjectIterator;
typedef std::pair<std::string, JSONCAdapter> JSONCMember;

/// A number is whole when its literal, without its trailing zeros, has no digit behind the point.
inline bool isWhole(json_object *value) {
    if (json_object_is_type(value, json_type_int)) return true;
    const char *literal = static_cast<const char *>(json_object_get_userdata(value));
    if (!literal) return false;
    long digits = 0, significant = 0, point = -1, exponent = 0;  // significant: up to the last digit but zero
    for (const char *at = literal; *at; at++) {
        if (*at >= '0' && *at <= '9') {
            digits++;
            if (*at != '0') significant = digits;
        } else if (*at == '.') {
            point = digits;
        } else if (*at == 'e' || *at == 'E') {
            exponent = std::strtol(at + 1, nullptr, 10);
            break;
        }
    }
    return significant == 0 || significant <= (point < 0 ? digits : point) + exponent;
}

class JSONCArray {
public:
    typedef JSONCArrayIterator const_iterator;
    typedef JSONCArrayIterator iterator;

    JSONCArray() : array(nullptr) {}
    explicit JSONCArray(json_object *array) : array(array) {}
    JSONCArrayIterator begin() const;
    JSONCArrayIterator end() const;
    size_t size() const { return array ? json_object_array_length(array) : 0; }

private:
    json_object *array;
};

class JSONCObject {
public:
    typedef JSONCObjectIterator const_iterator;
    typedef JSONCObjectIterator iterator;

    JSONCObject() : object(nullptr) {}
    explicit JSONCObject(json_object *object) : object(object) {}
    JSONCObjectIterator begin() const;
    JSONCObjectIterator end() const;
    JSONCObjectIterator find(const std::string &name) const;
    size_t size() const { return object ? json_object_object_length(object) : 0; }

private:
    json_object *object;
};

/// A value that outlives its tree.
class JSONCFrozenValue : public FrozenValue {
public:
    explicit JSONCFrozenValue(json_object *value) : value(json_object_get(value)) {}
    JSONCFrozenValue(const JSONCFrozenValue &) = delete;
    JSONCFrozenValue &operator=(const JSONCFrozenValue &) = delete;
    ~JSONCFrozenValue() override { json_object_put(value); }
    FrozenValue *clone() const override { return new JSONCFrozenValue(value); }
    bool equalTo(const Adapter &other, bool strict) const override;

private:
    json_object *value;
};

class JSONCValue {
public:
    JSONCValue() : value(nullptr) {}
    explicit JSONCValue(json_object *value) : value(value) {}

    FrozenValue *freeze() const { return new JSONCFrozenValue(value); }
    opt::optional<JSONCArray> getArrayOptional() const {
        return isArray() ? opt::make_optional(JSONCArray(value)) : opt::optional<JSONCArray>();
    }
    opt::optional<JSONCObject> getObjectOptional() const {
        return isObject() ? opt::make_optional(JSONCObject(value)) : opt::optional<JSONCObject>();
    }
    bool getArraySize(size_t &result) const {
        if (isArray()) result = json_object_array_length(value);
        return isArray();
    }
    bool getObjectSize(size_t &result) const {
        if (isObject()) result = json_object_object_length(value);
        return isObject();
    }
    bool getBool(bool &result) const {
        if (isBool()) result = json_object_get_boolean(value);
        return isBool();
    }
    bool getDouble(double &result) const {
        if (isDouble()) result = json_object_get_double(value);
        return isDouble();
    }
    bool getInteger(int64_t &result) const {
        if (isInteger()) result = json_object_get_int64(value);  // only schemas' small counts are read with it
        return isInteger();
    }
    bool getString(std::string &result) const {
        if (isString()) result.assign(json_object_get_string(value), json_object_get_string_len(value));
        return isString();
    }
    static bool hasStrictTypes() { return true; }
    bool isArray() const { return json_object_is_type(value, json_type_array); }
    bool isBool() const { return json_object_is_type(value, json_type_boolean); }
    bool isDouble() const { return json_object_is_type(value, json_type_double) && !isWhole(value); }
    bool isInteger() const { return isNumber() && isWhole(value); }
    bool isNull() const { return json_object_is_type(value, json_type_null); }
    bool isNumber() const {
        return json_object_is_type(value, json_type_int) || json_object_is_type(value, json_type_double);
    }
    bool isObject() const { return json_object_is_type(value, json_type_object); }
    bool isString() const { return json_object_is_type(value, json_type_string); }

private:
    json_object *value;
};

class JSONCAdapter : public BasicAdapter<JSONCAdapter, JSONCArray, JSONCMember, JSONCObject, JSONCValue> {
public:
    JSONCAdapter() : BasicAdapter(), value(nullptr) {}
    explicit JSONCAdapter(json_object *value) : BasicAdapter(JSONCValue(value)), value(value) {}
    json_object *raw() const { return value; }

private:
    json_object *value;
};

class JSONCArrayIterator {
public:
    using iterator_category = std::bidirectional_iterator_tag;
    using value_type = JSONCAdapter;
    using difference_type = std::ptrdiff_t;
    using pointer = JSONCAdapter *;
    using reference = JSONCAdapter &;

    JSONCArrayIterator(json_object *array, size_t index) : array(array), index(index) {}
    JSONCAdapter operator*() const { return JSONCAdapter(json_object_array_get_idx(array, index)); }
    DerefProxy<JSONCAdapter> operator->() const { return DerefProxy<JSONCAdapter>(**this); }
    bool operator==(const JSONCArrayIterator &other) const { return index == other.index; }
    bool operator!=(const JSONCArrayIterator &other) const { return index != other.index; }
    JSONCArrayIterator &operator++() { index++; return *this; }
    JSONCArrayIterator operator++(int) { JSONCArrayIterator before(*this); index++; return before; }
    JSONCArrayIterator &operator--() { index--; return *this; }
    void advance(std::ptrdiff_t n) { index += n; }

private:
    json_object *array;
    size_t index;
};

class JSONCObjectIterator {
public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = JSONCMember;
    using difference_type = std::ptrdiff_t;
    using pointer = JSONCMember *;
    using reference = JSONCMember &;

    explicit JSONCObjectIterator(lh_entry *entry) : entry(entry) {}
    JSONCMember operator*() const {
        return JSONCMember(
            static_cast<const char *>(lh_entry_k(entry)), JSONCAdapter(static_cast<json_object *>(lh_entry_v(entry))));
    }
    DerefProxy<JSONCMember> operator->() const { return DerefProxy<JSONCMember>(**this); }
    bool operator==(const JSONCObjectIterator &other) const { return entry == other.entry; }
    bool operator!=(const JSONCObjectIterator &other) const { return entry != other.entry; }
    JSONCObjectIterator &operator++() { entry = entry->next; return *this; }
    JSONCObjectIterator operator++(int) { JSONCObjectIterator before(*this); entry = entry->next; return before; }

private:
    lh_entry *entry;
};

template <>
struct AdapterTraits<JSONCAdapter> {
    typedef json_object *DocumentType;
    static std::string adapterName() { return "JSONCAdapter"; }
};

inline bool JSONCFrozenValue::equalTo(const Adapter &other, bool strict) const {
    return JSONCAdapter(value).equalTo(other, strict);
}
inline JSONCArrayIterator JSONCArray::begin() const { return JSONCArrayIterator(array, 0); }
inline JSONCArrayIterator JSONCArray::end() const { return JSONCArrayIterator(array, size()); }
inline JSONCObjectIterator JSONCObject::begin() const {
    return JSONCObjectIterator(object ? json_object_get_object(object)->head : nullptr);
}
inline JSONCObjectIterator JSONCObject::end() const { return JSONCObjectIterator(nullptr); }
inline JSONCObjectIterator JSONCObject::find(const std::string &name) const {
    return JSONCObjectIterator(
        object ? lh_table_lookup_entry(json_object_get_object(object), name.c_str()) : nullptr);
}

}  // namespace adapters
}  // namespace valijson
