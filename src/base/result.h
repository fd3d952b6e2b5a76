// Result<T>: a value or an Error. The only way that Rondo's own code reports failure.
//
// An Error has one of few codes, a message for a person (what was wrong, the value beside the
// limit, what to do), and a chain of context added on the way up. Assertions (RD_ASSERT) are for
// bugs; foreign bytes never reach one.
//
//   Result<Page> load(PageId id) {
//     RD_TRY(auto bytes, read(id));          // declares bytes, or returns the error
//     RD_CHECK(validate(bytes));             // for Result<void>
//     return Page{...};
//   }
// In coroutines: RD_CO_TRY and RD_CO_CHECK (co_return instead of return).
#pragma once

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace rondo::base {

enum class ErrorCode {
  kNotFound,     // what was named does not exist
  kInvalid,      // the caller's input is wrong
  kConflict,     // it contradicts the present state
  kDenied,       // the caller may not
  kExhausted,    // a limit is reached
  kUnavailable,  // try again later
  kCorrupt,      // stored bytes are not what was written
  kInternal,     // a bug, or a failure of the machine
};

std::string_view to_string(ErrorCode code);

class [[nodiscard]] Error {
 public:
  Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}

  ErrorCode code() const { return code_; }
  // What went wrong, without context.
  const std::string& message() const { return message_; }
  // A machine-readable reason within the code, e.g. "duration_too_long"; may be empty.
  const std::string& reason() const { return reason_; }
  // The input field that is to blame, e.g. "handle"; may be empty.
  const std::string& field() const { return field_; }
  // When trying again makes sense, in seconds; 0: not known.
  int retry_after_seconds() const { return retry_after_seconds_; }
  // "outermost context: ...: message".
  std::string describe() const { return context_.empty() ? message_ : context_ + ": " + message_; }

  Error with_reason(std::string reason) && {
    reason_ = std::move(reason);
    return std::move(*this);
  }
  Error with_field(std::string field) && {
    field_ = std::move(field);
    return std::move(*this);
  }
  Error with_retry_after(int seconds) && {
    retry_after_seconds_ = seconds;
    return std::move(*this);
  }
  Error with_context(std::string_view context) && {
    context_ = context_.empty() ? std::string(context) : std::string(context) + ": " + context_;
    return std::move(*this);
  }

 private:
  ErrorCode code_;
  std::string message_;
  std::string reason_;
  std::string field_;
  std::string context_;
  int retry_after_seconds_ = 0;
};

inline Error not_found(std::string m) { return {ErrorCode::kNotFound, std::move(m)}; }
inline Error invalid(std::string m) { return {ErrorCode::kInvalid, std::move(m)}; }
inline Error conflict(std::string m) { return {ErrorCode::kConflict, std::move(m)}; }
inline Error denied(std::string m) { return {ErrorCode::kDenied, std::move(m)}; }
inline Error exhausted(std::string m) { return {ErrorCode::kExhausted, std::move(m)}; }
inline Error unavailable(std::string m) { return {ErrorCode::kUnavailable, std::move(m)}; }
inline Error corrupt(std::string m) { return {ErrorCode::kCorrupt, std::move(m)}; }
inline Error internal(std::string m) { return {ErrorCode::kInternal, std::move(m)}; }

[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);

#define RD_ASSERT(expression)    \
  (static_cast<bool>(expression) \
       ? void(0)                 \
       : ::rondo::base::assertion_failed(#expression, __FILE__, __LINE__))

template <typename T>
class [[nodiscard]] Result {
 public:
  using Value = T;
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT(*-explicit-*)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(*-explicit-*)

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & {
    RD_ASSERT(ok());
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    RD_ASSERT(ok());
    return *std::get_if<0>(&state_);
  }
  T&& value() && {
    RD_ASSERT(ok());
    return std::move(*std::get_if<0>(&state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  Error& error() & {
    RD_ASSERT(!ok());
    return *std::get_if<1>(&state_);
  }
  const Error& error() const& {
    RD_ASSERT(!ok());
    return *std::get_if<1>(&state_);
  }
  Error&& error() && {
    RD_ASSERT(!ok());
    return std::move(*std::get_if<1>(&state_));
  }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using Value = void;
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT(*-explicit-*)

  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  void value() const { RD_ASSERT(ok()); }

  Error& error() & {
    RD_ASSERT(!ok());
    return *error_;
  }
  const Error& error() const& {
    RD_ASSERT(!ok());
    return *error_;
  }
  Error&& error() && {
    RD_ASSERT(!ok());
    return std::move(*error_);
  }

 private:
  std::optional<Error> error_;
};

#define RD_CONCAT_INNER(a, b) a##b
#define RD_CONCAT(a, b) RD_CONCAT_INNER(a, b)

// Propagation by declaration. `expr` is evaluated once.
#define RD_TRY_IMPL(tmp, declaration, return_keyword, ...) \
  auto tmp = (__VA_ARGS__);                                \
  if (!tmp.ok()) return_keyword std::move(tmp).error();    \
  declaration = std::move(tmp).value()
#define RD_TRY(declaration, ...) \
  RD_TRY_IMPL(RD_CONCAT(rd_try_, __LINE__), declaration, return, __VA_ARGS__)
#define RD_CO_TRY(declaration, ...) \
  RD_TRY_IMPL(RD_CONCAT(rd_try_, __LINE__), declaration, co_return, __VA_ARGS__)

#define RD_CHECK(...)                                                                      \
  do {                                                                                     \
    if (auto rd_check = (__VA_ARGS__); !rd_check.ok()) return std::move(rd_check).error(); \
  } while (false)
#define RD_CO_CHECK(...)                                       \
  do {                                                         \
    auto rd_check = (__VA_ARGS__);                             \
    if (!rd_check.ok()) co_return std::move(rd_check).error(); \
  } while (false)

}  // namespace rondo::base

namespace rondo {
using base::conflict;
using base::corrupt;
using base::denied;
using base::Error;
using base::ErrorCode;
using base::exhausted;
using base::internal;
using base::invalid;
using base::not_found;
using base::Result;
using base::unavailable;
}  // namespace rondo
