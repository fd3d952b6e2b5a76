#include "evaluation/splits.h"

#include <algorithm>
#include <numeric>

#include "base/random.h"

namespace rondo::evaluation {
namespace {

enum class Part : uint8_t { kTrain, kValid, kTest };

// Row indices in random order.
std::vector<size_t> random_order(size_t count, uint64_t seed) {
  std::vector<size_t> order(count);
  std::iota(order.begin(), order.end(), size_t{0});
  base::Rng rng(seed);
  for (size_t i = count; i > 1; --i) std::swap(order[i - 1], order[rng.below(i)]);
  return order;
}

std::vector<std::vector<size_t>> by_user(const Interactions& rows, const std::vector<size_t>& order,
                                         size_t users) {
  std::vector<std::vector<size_t>> out(users);
  for (size_t row : order) out[rows[row].user].push_back(row);
  return out;
}

Split parted(const Interactions& rows, const std::vector<Part>& parts) {
  Split out;
  for (size_t i = 0; i < rows.size(); ++i) {
    (parts[i] == Part::kTrain   ? out.train
     : parts[i] == Part::kValid ? out.valid
                                : out.test)
        .push_back(rows[i]);
  }
  return out;
}

}  // namespace

Split ratio_split(const Interactions& rows, size_t users, uint64_t seed) {
  std::vector<Part> parts(rows.size(), Part::kTrain);
  for (const auto& mine : by_user(rows, random_order(rows.size(), seed), users)) {
    size_t n = mine.size();
    size_t test = n / 10;
    size_t valid = n / 10;
    if (n < 10) {
      size_t left = n;
      for (size_t* part : {&test, &valid}) {
        if (left <= 1) break;
        *part = 1;
        --left;
      }
    }
    for (size_t i = n - test - valid; i < n; ++i) {
      parts[mine[i]] = i < n - test ? Part::kValid : Part::kTest;
    }
  }
  return parted(rows, parts);
}

Split leave_one_out(const Interactions& rows, size_t users) {
  std::vector<size_t> order(rows.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return rows[a].time < rows[b].time; });
  std::vector<Part> parts(rows.size(), Part::kTrain);
  for (const auto& mine : by_user(rows, order, users)) {
    if (mine.size() < 3) continue;
    parts[mine[mine.size() - 1]] = Part::kTest;
    parts[mine[mine.size() - 2]] = Part::kValid;
  }
  return parted(rows, parts);
}

Split fold_split(const Interactions& rows, size_t fold, size_t folds, uint64_t seed) {
  std::vector<size_t> order = random_order(rows.size(), seed);
  std::vector<Part> parts(rows.size(), Part::kTrain);
  for (size_t i = rows.size() * fold / folds; i < rows.size() * (fold + 1) / folds; ++i) {
    parts[order[i]] = Part::kTest;
  }
  return parted(rows, parts);
}

void shuffle(Interactions& rows, uint64_t seed) {
  Interactions out;
  out.reserve(rows.size());
  for (size_t row : random_order(rows.size(), seed)) out.push_back(rows[row]);
  rows = std::move(out);
}

}  // namespace rondo::evaluation
