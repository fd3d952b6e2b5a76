// The table that media owns: uploads. Given to storage::Database::migrate.
#pragma once

#include <span>

#include "storage/database.h"

namespace rondo::media {

std::span<const storage::Migration> migrations();

}  // namespace rondo::media
