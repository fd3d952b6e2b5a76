// An HTTP request and its answer, as handlers see them; the server (http/server.h) does the wire.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "runtime/task.h"

namespace rondo::api::http {

enum class Method { kGet, kHead, kPost, kPut, kPatch, kDelete, kOptions, kOther };

std::string_view to_string(Method method);

// The body of a request that is taken in pieces. Lives as long as the request is handled.
class BodyReader {
 public:
  virtual ~BodyReader() = default;
  // Up to `size` bytes into `out`; 0 at the end. unavailable when the client has gone or stalls.
  virtual runtime::Task<Result<size_t>> read_some(char* out, size_t size) = 0;
};

// The body of an answer that is made piece by piece, for as long as the client stays.
class BodyWriter {
 public:
  virtual ~BodyWriter() = default;
  // False when the client has gone, or does not take it in time.
  virtual runtime::Task<bool> write(std::string bytes) = 0;
  // Lets time pass; false when the client has gone or the server stops.
  virtual runtime::Task<bool> wait(std::chrono::milliseconds time) = 0;
};

struct Request {
  Method method = Method::kOther;
  std::string path;   // percent-decoded, begins with '/', no "." or ".." segment
  std::string query;  // as sent, without '?'
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string remote_address;
  std::optional<uint64_t> content_length;
  std::string body;              // routes that take the body whole
  BodyReader* stream = nullptr;  // routes that take it in pieces

  // The first header of that (lower-case) name; empty when there is none.
  std::string_view header(std::string_view name) const;
};

// An open file, closed with the last reference.
class OpenFile {
 public:
  static Result<std::shared_ptr<OpenFile>> open(const std::string& path);
  ~OpenFile();
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int descriptor() const { return descriptor_; }
  uint64_t size_bytes() const { return size_bytes_; }

 private:
  OpenFile(int descriptor, uint64_t size_bytes)
      : descriptor_(descriptor), size_bytes_(size_bytes) {}
  int descriptor_;
  uint64_t size_bytes_;
};

struct FileBody {
  std::shared_ptr<OpenFile> file;
  uint64_t offset = 0;
  uint64_t length = 0;
};

struct Response {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  // Instead of `body`, bytes that someone else keeps alive (static files).
  std::shared_ptr<const std::string> shared_body;
  // Instead of `body`: sent without copying through the process.
  std::optional<FileBody> file;
  // Instead of `body`: writes it, on the connection's thread. The connection ends with it.
  std::function<runtime::Task<void>(BodyWriter&)> stream;
  bool close = false;  // end the connection after this answer

  void set(std::string name, std::string value) {
    headers.emplace_back(std::move(name), std::move(value));
  }
};

// "a%20b" -> "a b"; invalid on a broken escape or a NUL. With `plus`, '+' is a space (queries).
Result<std::string> percent_decode(std::string_view text, bool plus);

}  // namespace rondo::api::http
