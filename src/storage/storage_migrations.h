// The schema of what storage itself keeps: sequences, outbox, projection offsets. The app passes it
// to Database::migrate beside the modules' own.
#pragma once

#include <span>

#include "storage/database.h"

namespace rondo::storage {

std::span<const Migration> storage_migrations();

}  // namespace rondo::storage
