// Numbers 1, 2, ... under a name, in the order in which their transactions commit: the row is
// locked until then. (An auto-increment column has neither the same SQL in both databases nor, in
// PostgreSQL, that order.) A transaction that rolls back gives its numbers back.
//
// Call inside Database::write, after migrating storage_migrations(). Thread safe as the session is.
#pragma once

#include <soci/soci.h>

#include <cstdint>
#include <string>

#include "base/result.h"

namespace rondo::storage {

Result<uint64_t> next_in_sequence(soci::session& sql, const std::string& name);

}  // namespace rondo::storage
