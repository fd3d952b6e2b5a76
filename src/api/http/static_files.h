// The built web client, held in memory: read once at start, served with ETag and, where it helps,
// gzip made at start. Files under assets/ carry a hash in their name and are immutable.
//
// Thread safe after construction.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "api/http/message.h"
#include "base/result.h"

namespace rondo::api::http {

class StaticFiles {
 public:
  // invalid when the folder has no index.html. At most 32 MiB in all.
  static Result<StaticFiles> load(const std::filesystem::path& folder);

  // The file at this path (without the leading '/'); for any other path without a dot in its last
  // segment, index.html: the client's own router knows it. 404 otherwise.
  Response respond(const Request& request, const std::string& path) const;

 private:
  struct File {
    std::shared_ptr<const std::string> bytes;
    std::shared_ptr<const std::string> gzip;  // null when it does not help
    std::string type;
    std::string etag;
    bool immutable = false;
  };
  std::map<std::string, File, std::less<>> files_;
};

}  // namespace rondo::api::http
