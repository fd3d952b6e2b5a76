// JSON Schema (the 2020-12 dialect of OpenAPI 3.1) of described types, from their descriptions.
//
// Named types go into `components` once and are referred to by name. Members appear in the order
// of their declaration, so the document is the same on every run.
#pragma once

#include <boost/core/demangle.hpp>
#include <boost/json.hpp>
#include <string>
#include <typeinfo>

#include "api/json.h"

namespace rondo::api::schema {

// "rondo::api::wire::FeedPage" -> "FeedPage".
std::string short_name(std::string demangled);

template <typename T>
std::string name_of() {
  return short_name(boost::core::demangle(typeid(T).name()));
}

inline boost::json::object reference(const std::string& name) {
  return {{"$ref", "#/components/schemas/" + name}};
}

// The schema of a T in place; adds what it refers to to `components`.
template <typename T>
boost::json::object of(boost::json::object& components) {
  if constexpr (std::is_same_v<T, std::string>) {
    return {{"type", "string"}};
  } else if constexpr (std::is_same_v<T, bool>) {
    return {{"type", "boolean"}};
  } else if constexpr (std::is_floating_point_v<T>) {
    return {{"type", "number"}};
  } else if constexpr (std::is_arithmetic_v<T>) {
    return {{"type", "integer"}, {"format", sizeof(T) == 8 ? "int64" : "int32"}};
  } else if constexpr (json::IsVector<T>::value) {
    return {{"type", "array"}, {"items", of<typename T::value_type>(components)}};
  } else if constexpr (json::DescribedEnum<T>) {
    std::string name = name_of<T>();
    if (!components.contains(name)) {
      boost::json::array names;
      boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>(
          [&](auto d) { names.emplace_back(d.name); });
      components[name] = boost::json::object{{"type", "string"}, {"enum", std::move(names)}};
    }
    return reference(name);
  } else {
    static_assert(json::DescribedStruct<T>);
    std::string name = name_of<T>();
    if (!components.contains(name)) {
      components[name] = nullptr;  // holds the place, in order, and ends recursion
      boost::json::object properties;
      boost::json::array required;
      boost::mp11::mp_for_each<json::Members<T>>([&](auto d) {
        using Member = std::remove_cvref_t<decltype(std::declval<T>().*d.pointer)>;
        if constexpr (json::IsOptional<Member>::value) {
          properties[d.name] = of<typename Member::value_type>(components);
        } else {
          properties[d.name] = of<Member>(components);
          required.emplace_back(d.name);
        }
      });
      boost::json::object object{{"type", "object"}, {"properties", std::move(properties)}};
      if (!required.empty()) object["required"] = std::move(required);
      object["additionalProperties"] = false;
      components[name] = std::move(object);
    }
    return reference(name);
  }
}

// Query parameters from a described struct of optionals.
template <typename Query>
boost::json::array query_parameters(boost::json::object& components) {
  boost::json::array parameters;
  boost::mp11::mp_for_each<json::Members<Query>>([&](auto d) {
    using Member = std::remove_cvref_t<decltype(std::declval<Query>().*d.pointer)>;
    static_assert(json::IsOptional<Member>::value, "query parameters are optional");
    parameters.push_back(
        boost::json::object{{"name", d.name},
                            {"in", "query"},
                            {"schema", of<typename Member::value_type>(components)}});
  });
  return parameters;
}

}  // namespace rondo::api::schema
