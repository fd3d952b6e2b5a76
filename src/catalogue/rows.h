// Reading videos out of the database: shared by the files of this module, not for others.
#pragma once

#include <soci/soci.h>

#include <span>
#include <string>
#include <vector>

#include "base/ids.h"
#include "catalogue/video.h"

namespace rondo::catalogue {

// Ids are stored as signed 64-bit numbers, the same bits.
template <typename Id>
long long to_row(Id id) {
  return static_cast<long long>(id.value());
}
template <typename Id>
Id from_row(long long value) {
  return Id(static_cast<uint64_t>(value));
}

// "1,2,3" for IN (...). Numbers only, so nothing has to be escaped.
template <typename Id>
std::string id_list(std::span<const Id> ids) {
  std::string list;
  for (Id id : ids) {
    if (!list.empty()) list += ',';
    list += std::to_string(to_row(id));
  }
  return list;
}

// Videos with counts, renditions and captions, in three statements whatever their number. `tail`
// follows FROM (videos as v): a WHERE clause and more; `values` are bound to its placeholders in
// order.
std::vector<Video> select_videos(soci::session& sql, const std::string& tail,
                                 std::span<const long long> values);

std::string join_hashtags(const std::vector<std::string>& hashtags);

}  // namespace rondo::catalogue
