// JSON for described types (wire.h): reading with exact reasons, writing straight to text.
//
//   RD_TRY(auto batch, json::read<wire::EventBatch>(body));
//   std::string text = json::write(page);
//
// Reading is strict: a missing required member, a member that is not known, a wrong type or a
// number out of range is refused (invalid, reason "missing_field", "unknown_field", "wrong_type",
// "out_of_range", "unknown_value") with the member's path as the field. Depth and size are
// bounded by the parser (32) and the route.
#pragma once

#include <boost/describe.hpp>
#include <boost/json.hpp>
#include <boost/mp11.hpp>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "base/result.h"

namespace rondo::api::json {

template <typename T>
concept DescribedStruct = boost::describe::has_describe_members<T>::value;
template <typename T>
concept DescribedEnum = boost::describe::has_describe_enumerators<T>::value;
template <typename T>
using Members = boost::describe::describe_members<T, boost::describe::mod_public>;

template <typename T>
struct IsOptional : std::false_type {};
template <typename T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <typename T>
struct IsVector : std::false_type {};
template <typename T>
struct IsVector<std::vector<T>> : std::true_type {};

// ---- Enumerators ----

template <DescribedEnum E>
std::string_view enum_name(E value) {
  const char* name = boost::describe::enum_to_string(value, nullptr);
  RD_ASSERT(name != nullptr);
  return name;
}

template <DescribedEnum E>
std::optional<E> enum_from_name(std::string_view name) {
  std::optional<E> found;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&](auto d) {
    if (name == d.name) found = d.value;
  });
  return found;
}

template <DescribedEnum E>
std::string enum_choices() {
  std::string list;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>(
      [&](auto d) { list += (list.empty() ? "" : ", ") + std::string(d.name); });
  return list;
}

// ---- Writing ----

void append_text(std::string& out, std::string_view text);

template <typename T>
void append(std::string& out, const T& value) {
  if constexpr (std::is_same_v<T, std::string>) {
    append_text(out, value);
  } else if constexpr (std::is_same_v<T, bool>) {
    out += value ? "true" : "false";
  } else if constexpr (std::is_arithmetic_v<T>) {
    if constexpr (std::is_floating_point_v<T>) {
      if (!std::isfinite(value)) {
        out += "null";
        return;
      }
    }
    char digits[40];
    auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
    RD_ASSERT(error == std::errc());
    out.append(digits, end);
  } else if constexpr (DescribedEnum<T>) {
    append_text(out, enum_name(value));
  } else if constexpr (IsVector<T>::value) {
    out += '[';
    for (size_t i = 0; i < value.size(); ++i) {
      if (i > 0) out += ',';
      append(out, value[i]);
    }
    out += ']';
  } else {
    static_assert(DescribedStruct<T>);
    out += '{';
    bool first = true;
    boost::mp11::mp_for_each<Members<T>>([&](auto d) {
      const auto& member = value.*d.pointer;
      using Member = std::remove_cvref_t<decltype(member)>;
      if constexpr (IsOptional<Member>::value) {
        if (!member.has_value()) return;
      }
      if (!first) out += ',';
      first = false;
      out += '"';
      out += d.name;
      out += "\":";
      if constexpr (IsOptional<Member>::value) {
        append(out, *member);
      } else {
        append(out, member);
      }
    });
    out += '}';
  }
}

template <typename T>
std::string write(const T& value) {
  std::string out;
  append(out, value);
  return out;
}

// ---- Reading ----

Error wrong_type(const std::string& path, std::string_view wanted, const boost::json::value& got);
Error refused(const std::string& path, std::string reason, std::string message);

template <typename T>
Result<T> from_value(const boost::json::value& value, const std::string& path);

template <typename T>
Result<T> number_from(const boost::json::value& value, const std::string& path) {
  if constexpr (std::is_floating_point_v<T>) {
    boost::system::error_code ec;
    T number = value.to_number<T>(ec);
    if (ec) return wrong_type(path, "a number", value);
    return number;
  } else {
    if (!value.is_int64() && !value.is_uint64()) return wrong_type(path, "a whole number", value);
    boost::system::error_code ec;
    T number = value.to_number<T>(ec);
    if (ec) return refused(path, "out_of_range", path + " is out of range");
    return number;
  }
}

template <DescribedStruct T>
Result<T> struct_from(const boost::json::value& value, const std::string& path) {
  if (!value.is_object()) return wrong_type(path, "an object", value);
  const auto& object = value.as_object();
  T out{};
  std::optional<Error> error;
  size_t known = 0;
  auto join = [&](std::string_view name) {
    return path.empty() ? std::string(name) : path + "." + std::string(name);
  };
  boost::mp11::mp_for_each<Members<T>>([&](auto d) {
    if (error) return;
    using Member = std::remove_cvref_t<decltype(out.*d.pointer)>;
    const auto* member = object.if_contains(d.name);
    if (member != nullptr) ++known;
    if constexpr (IsOptional<Member>::value) {
      if (member == nullptr || member->is_null()) return;
      auto parsed = from_value<typename Member::value_type>(*member, join(d.name));
      if (!parsed.ok()) {
        error = std::move(parsed).error();
      } else {
        out.*d.pointer = std::move(parsed).value();
      }
    } else {
      if (member == nullptr) {
        error = refused(join(d.name), "missing_field", join(d.name) + " is missing");
        return;
      }
      auto parsed = from_value<Member>(*member, join(d.name));
      if (!parsed.ok()) {
        error = std::move(parsed).error();
      } else {
        out.*d.pointer = std::move(parsed).value();
      }
    }
  });
  if (error) return std::move(*error);
  if (known < object.size()) {
    for (const auto& entry : object) {
      bool is_known = false;
      boost::mp11::mp_for_each<Members<T>>([&](auto d) { is_known |= entry.key() == d.name; });
      std::string name = join(std::string_view(entry.key().data(), entry.key().size()));
      if (!is_known) return refused(name, "unknown_field", "there is no field " + name + " here");
    }
  }
  return out;
}

template <typename T>
Result<T> from_value(const boost::json::value& value, const std::string& path) {
  if constexpr (std::is_same_v<T, std::string>) {
    if (!value.is_string()) return wrong_type(path, "a text", value);
    return std::string(value.as_string());
  } else if constexpr (std::is_same_v<T, bool>) {
    if (!value.is_bool()) return wrong_type(path, "true or false", value);
    return value.as_bool();
  } else if constexpr (std::is_arithmetic_v<T>) {
    return number_from<T>(value, path);
  } else if constexpr (DescribedEnum<T>) {
    if (!value.is_string()) return wrong_type(path, "a text", value);
    auto found = enum_from_name<T>(std::string_view(value.as_string()));
    if (!found) {
      return refused(path, "unknown_value", path + " has to be one of " + enum_choices<T>());
    }
    return *found;
  } else if constexpr (IsVector<T>::value) {
    if (!value.is_array()) return wrong_type(path, "a list", value);
    T out;
    out.reserve(value.as_array().size());
    for (size_t i = 0; i < value.as_array().size(); ++i) {
      RD_TRY(auto item, from_value<typename T::value_type>(value.as_array()[i],
                                                           path + "[" + std::to_string(i) + "]"));
      out.push_back(std::move(item));
    }
    return out;
  } else {
    return struct_from<T>(value, path);
  }
}

// The whole text as one JSON value; invalid (reason "not_json") with where it goes wrong.
Result<boost::json::value> parse(std::string_view text);

template <DescribedStruct T>
Result<T> read(std::string_view text) {
  RD_TRY(auto value, parse(text));
  return from_value<T>(value, "");
}

}  // namespace rondo::api::json
