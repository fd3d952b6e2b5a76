// Interactions read from a data set's files.
//
// Values. Users and items are dense indices from 0; `users` and `items` hold the ids of the file.
// Errors name file, line and column, what was found and what was expected; not_found says which
// file is missing. Limits: kRowsMax rows, kLineBytesMax bytes a line. A repeated (user, item) keeps
// its first row and is counted: the engine never shows a video twice to a viewer.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace rondo::evaluation {

inline constexpr size_t kRowsMax = 20'000'000;
inline constexpr size_t kLineBytesMax = 4096;

struct Interaction {
  uint32_t user;
  uint32_t item;
  double value;  // 1 when the file has none
  int64_t time;  // seconds; the row's number when the file has none
};

using Interactions = std::vector<Interaction>;

struct Dataset {
  Interactions rows;  // in the file's order
  std::vector<std::string> users;
  std::vector<std::string> items;
  bool has_time = false;
  bool has_value = false;
  size_t repeated = 0;  // rows that were left out
};

// A TSV with a header. Columns by name, in any order, others passed over: `user` or `user_id`,
// `item` or `item_id`, and, when `needs_time`, `time` or `timestamp` in seconds; optional `value`
// or `rating`. What follows a colon in a name (RecBole's types) is passed over too.
Result<Dataset> read_events(const std::filesystem::path& file, bool needs_time);

// What was split by others: rows of numeric `user<TAB>item`, without header.
struct GivenSplit {
  Dataset data;  // rows: train, then valid, then test
  size_t train = 0;
  size_t valid = 0;
  size_t test = 0;
};
// train.tsv, valid.tsv and test.tsv of the folder. conflict when two of them share a row.
Result<GivenSplit> read_given_split(const std::filesystem::path& folder);

// Rows by time; equal times keep the file's order.
Interactions by_time(Interactions rows);

}  // namespace rondo::evaluation
