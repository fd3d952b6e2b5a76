// The tables that accounts owns: accounts, viewers, sessions. Given to storage::Database::migrate.
#pragma once

#include <span>

#include "storage/database.h"

namespace rondo::accounts {

std::span<const storage::Migration> migrations();

}  // namespace rondo::accounts
