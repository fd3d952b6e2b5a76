#include "social/social.h"

#include "records/envelope.h"
#include "records/routing.h"
#include "storage/outbox.h"

namespace rondo::social {

namespace {

// An ended follow keeps its row: `version` counts the changes of the pair, and names their
// messages.
constexpr storage::Migration kMigrations[] = {
    {"social", 1, R"sql(
CREATE TABLE follows (
  follower_id BIGINT NOT NULL,
  followed_id BIGINT NOT NULL,
  active INTEGER NOT NULL,
  version BIGINT NOT NULL,
  changed_us BIGINT NOT NULL,
  PRIMARY KEY (follower_id, followed_id)
);
CREATE INDEX follows_by_follower ON follows (follower_id, active, changed_us);
CREATE TABLE follow_counts (
  account_id BIGINT NOT NULL PRIMARY KEY,
  followers BIGINT NOT NULL,
  following BIGINT NOT NULL
)
)sql"},
};

Result<FollowCounts> select_counts(soci::session& sql, AccountId account) {
  const auto id = static_cast<long long>(account.value());
  long long followers = 0;
  long long following = 0;
  sql << "SELECT followers, following FROM follow_counts WHERE account_id = :id", soci::use(id),
      soci::into(followers), soci::into(following);
  if (!sql.got_data()) return FollowCounts();
  return FollowCounts{followers, following};
}

void add_to_counts(soci::session& sql, long long account, int followers, int following) {
  sql << "INSERT INTO follow_counts (account_id, followers, following)"
         " VALUES (:id, :followers, :following) ON CONFLICT (account_id) DO UPDATE SET"
         " followers = follow_counts.followers + excluded.followers,"
         " following = follow_counts.following + excluded.following",
      soci::use(account), soci::use(followers), soci::use(following);
}

}  // namespace

std::span<const storage::Migration> migrations() { return kMigrations; }

Social::Social(storage::Database& database, const base::Clock& clock, uint32_t partitions)
    : database_(database), clock_(clock), partitions_(partitions) {
  RD_ASSERT(partitions > 0);
}

Result<bool> Social::follow(const Follower& follower, const Followed& followed) {
  if (follower.account == followed.account) {
    return invalid("nobody can follow themselves").with_reason("follow_self");
  }
  return change(follower, followed, true);
}

Result<bool> Social::unfollow(const Follower& follower, const Followed& followed) {
  return change(follower, followed, false);
}

Result<bool> Social::change(const Follower& follower, const Followed& followed, bool following) {
  return database_.write([&](soci::session& sql) -> Result<bool> {
    const auto from = static_cast<long long>(follower.account.value());
    const auto to = static_cast<long long>(followed.account.value());
    const uint64_t now = clock_.now_us();
    int active = 0;
    long long version = 0;
    sql << "SELECT active, version FROM follows WHERE follower_id = :a AND followed_id = :b",
        soci::use(from), soci::use(to), soci::into(active), soci::into(version);
    if (!sql.got_data()) active = 0;
    if ((active != 0) == following) return false;
    if (following) {
      RD_TRY(FollowCounts counts, select_counts(sql, follower.account));
      if (counts.following >= kFollowedMax) {
        return exhausted("you follow " + std::to_string(counts.following) +
                         " people, which is the most; unfollow somebody first")
            .with_reason("follows_too_many");
      }
    }
    ++version;
    const int now_active = following ? 1 : 0;
    const auto now_us = static_cast<long long>(now);
    sql << "INSERT INTO follows (follower_id, followed_id, active, version, changed_us)"
           " VALUES (:a, :b, :active, :version, :now) ON CONFLICT (follower_id, followed_id)"
           " DO UPDATE SET active = excluded.active, version = excluded.version,"
           " changed_us = excluded.changed_us",
        soci::use(from), soci::use(to), soci::use(now_active), soci::use(version),
        soci::use(now_us);
    const int step = following ? 1 : -1;
    add_to_counts(sql, from, 0, step);
    add_to_counts(sql, to, step, 0);

    log::v1::Record record;
    auto& body = *record.mutable_follow_changed();
    body.set_viewer_id(follower.viewer.value());
    body.set_author_id(followed.author.value());
    body.set_following(following);
    storage::OutboxMessage message;
    message.message_id = records::follow_message_id(follower.viewer, followed.author,
                                                    static_cast<uint64_t>(version));
    message.partition = records::partition_of(follower.viewer, partitions_);
    message.payload = records::seal(record, now);
    message.created_us = now;
    RD_CHECK(storage::outbox_put(sql, message));
    return true;
  });
}

Result<bool> Social::is_following(AccountId follower, AccountId followed) const {
  return database_.read([&](soci::session& sql) -> Result<bool> {
    const auto from = static_cast<long long>(follower.value());
    const auto to = static_cast<long long>(followed.value());
    int rows = 0;
    sql << "SELECT COUNT(*) FROM follows"
           " WHERE follower_id = :a AND followed_id = :b AND active = 1",
        soci::use(from), soci::use(to), soci::into(rows);
    return rows > 0;
  });
}

Result<FollowCounts> Social::counts(AccountId account) const {
  return database_.read([&](soci::session& sql) { return select_counts(sql, account); });
}

Result<std::vector<AccountId>> Social::followed_by(AccountId follower) const {
  return database_.read([&](soci::session& sql) -> Result<std::vector<AccountId>> {
    const auto from = static_cast<long long>(follower.value());
    long long followed = 0;
    soci::statement select =
        (sql.prepare << "SELECT followed_id FROM follows WHERE follower_id = :a AND active = 1"
                        " ORDER BY changed_us DESC, followed_id LIMIT :count",
         soci::use(from), soci::use(kFollowedMax), soci::into(followed));
    select.execute();
    std::vector<AccountId> accounts;
    while (select.fetch()) accounts.push_back(AccountId(static_cast<uint64_t>(followed)));
    return accounts;
  });
}

}  // namespace rondo::social
