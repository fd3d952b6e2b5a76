// Which interactions are learned from, and which are asked for. Pure; everything follows from the
// rows and the seed (base::Rng, whose sequence never changes).
#pragma once

#include <cstdint>
#include <vector>

#include "evaluation/dataset.h"

namespace rondo::evaluation {

// Each part keeps the order of the rows it was given.
struct Split {
  Interactions train;
  Interactions valid;
  Interactions test;
};

// RecBole's `RO`, `RS: [0.8, 0.1, 0.1]`, grouped by user: of a user's n rows in random order the
// first ones train. valid and test get floor(n/10) each, and one more when n/10 is below 1 and
// more than one row is left to train on.
Split ratio_split(const Interactions& rows, size_t users, uint64_t seed);

// RecBole's `TO`, `LS: valid_and_test`: of a user's rows by time the last is tested, the one before
// it validates. A user with fewer than three rows trains only.
Split leave_one_out(const Interactions& rows, size_t users);

// Fold `fold` of `folds`: the rows in random order, cut into equal parts; one part is tested.
// The order is the same for every fold of one seed.
Split fold_split(const Interactions& rows, size_t fold, size_t folds, uint64_t seed);

// Fisher-Yates.
void shuffle(Interactions& rows, uint64_t seed);

}  // namespace rondo::evaluation
