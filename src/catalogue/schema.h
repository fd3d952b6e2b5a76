// The tables that catalogue owns: videos and their renditions; likes and counts, which are
// projections of the log. Given to storage::Database::migrate.
#pragma once

#include <span>

#include "storage/database.h"

namespace rondo::catalogue {

std::span<const storage::Migration> migrations();

}  // namespace rondo::catalogue
