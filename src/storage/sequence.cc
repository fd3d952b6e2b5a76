#include "storage/sequence.h"

namespace rondo::storage {

Result<uint64_t> next_in_sequence(soci::session& sql, const std::string& name) {
  long long next = 0;
  sql << "INSERT INTO sequences (name, next_value) VALUES (:name, 2) "
         "ON CONFLICT (name) DO UPDATE SET next_value = sequences.next_value + 1 "
         "RETURNING next_value",
      soci::use(name, "name"), soci::into(next);
  return static_cast<uint64_t>(next - 1);
}

}  // namespace rondo::storage
