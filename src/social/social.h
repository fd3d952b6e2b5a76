// Who follows whom.
//
// The database owns follows; each change is one transaction with the FollowChanged record in the
// outbox, for the partition of the follower. So the engine and this table cannot disagree for good.
// Following twice changes nothing and writes no record.
//
// Thread safe; calls block. After a change, whoever runs the outbox's relay should be told
// (workflows/relay.h), else it finds the record by itself within its poll time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "storage/database.h"

namespace rondo::social {

std::span<const storage::Migration> migrations();

// Bounds the query for the Following feed.
inline constexpr int kFollowedMax = 2'000;

struct Follower {
  AccountId account;
  EngineId viewer;  // its engine id as a viewer
};
struct Followed {
  AccountId account;
  EngineId author;  // its engine id as an author
};

struct FollowCounts {
  int64_t followers = 0;
  int64_t following = 0;
};

class Social {
 public:
  // `partitions`: of the log.
  Social(storage::Database& database, const base::Clock& clock, uint32_t partitions);

  // True when something changed. invalid "follow_self"; exhausted "follows_too_many".
  Result<bool> follow(const Follower& follower, const Followed& followed);
  Result<bool> unfollow(const Follower& follower, const Followed& followed);

  Result<bool> is_following(AccountId follower, AccountId followed) const;
  Result<FollowCounts> counts(AccountId account) const;
  // Whom the account follows, the latest first; at most kFollowedMax.
  Result<std::vector<AccountId>> followed_by(AccountId follower) const;

 private:
  Result<bool> change(const Follower& follower, const Followed& followed, bool following);

  storage::Database& database_;
  const base::Clock& clock_;
  const uint32_t partitions_;
};

}  // namespace rondo::social
