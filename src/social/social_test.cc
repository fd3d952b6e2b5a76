#include "social/social.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <set>
#include <thread>

#include "base/random.h"
#include "records/envelope.h"
#include "records/routing.h"
#include "storage/outbox.h"
#include "storage/sqlite/sqlite_database.h"
#include "storage/storage_migrations.h"

namespace rondo::social {
namespace {

constexpr uint32_t kPartitions = 4;

struct Person {
  AccountId account;
  EngineId viewer;
  EngineId author;
  Follower as_follower() const { return {account, viewer}; }
  Followed as_followed() const { return {account, author}; }
};

Person person(uint64_t n) { return {AccountId(n), EngineId(1000 + n), EngineId(~n)}; }

class SocialTest : public testing::Test {
 protected:
  SocialTest()
      : folder_(std::filesystem::temp_directory_path() /
                ("rondo_social_" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    database_ = storage::open_sqlite({.path = folder_ / "rondo.db"}).value();
    std::vector<storage::Migration> all;
    for (const auto& m : storage::storage_migrations()) all.push_back(m);
    for (const auto& m : migrations()) all.push_back(m);
    database_->migrate(all).value();
    social_ = std::make_unique<Social>(*database_, clock_, kPartitions);
  }
  ~SocialTest() override {
    database_.reset();
    std::filesystem::remove_all(folder_);
  }

  std::vector<storage::OutboxMessage> outbox() {
    return database_->read([](soci::session& sql) { return storage::outbox_peek(sql, 1000); })
        .value();
  }

  std::filesystem::path folder_;
  base::ManualClock clock_{base::from_rfc3339("2026-03-01T12:00:00Z").value()};
  std::unique_ptr<storage::Database> database_;
  std::unique_ptr<Social> social_;
};

TEST_F(SocialTest, FollowingIsStoredAndTold) {
  Person ada = person(1);
  Person bob = person(2);
  EXPECT_TRUE(social_->follow(ada.as_follower(), bob.as_followed()).value());
  EXPECT_TRUE(social_->is_following(ada.account, bob.account).value());
  EXPECT_FALSE(social_->is_following(bob.account, ada.account).value());
  EXPECT_EQ(social_->counts(bob.account).value().followers, 1);
  EXPECT_EQ(social_->counts(bob.account).value().following, 0);
  EXPECT_EQ(social_->counts(ada.account).value().following, 1);

  auto told = outbox();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].partition, records::partition_of(ada.viewer, kPartitions));
  auto opened = records::open(told[0].payload).value();
  EXPECT_EQ(opened.time_us, clock_.now_us());
  ASSERT_TRUE(opened.record.has_follow_changed());
  EXPECT_EQ(opened.record.follow_changed().viewer_id(), ada.viewer.value());
  EXPECT_EQ(opened.record.follow_changed().author_id(), bob.author.value());
  EXPECT_TRUE(opened.record.follow_changed().following());
}

TEST_F(SocialTest, TwiceIsOnceAndEveryChangeHasItsOwnMessage) {
  Person ada = person(1);
  Person bob = person(2);
  EXPECT_FALSE(social_->unfollow(ada.as_follower(), bob.as_followed()).value());
  EXPECT_TRUE(outbox().empty());
  EXPECT_TRUE(social_->follow(ada.as_follower(), bob.as_followed()).value());
  EXPECT_FALSE(social_->follow(ada.as_follower(), bob.as_followed()).value());
  EXPECT_TRUE(social_->unfollow(ada.as_follower(), bob.as_followed()).value());
  EXPECT_FALSE(social_->unfollow(ada.as_follower(), bob.as_followed()).value());
  EXPECT_TRUE(social_->follow(ada.as_follower(), bob.as_followed()).value());

  std::set<std::string> ids;
  std::vector<bool> changes;
  for (const auto& message : outbox()) {
    ids.insert(message.message_id);
    changes.push_back(records::open(message.payload).value().record.follow_changed().following());
  }
  EXPECT_EQ(ids.size(), 3u);
  EXPECT_EQ(changes, (std::vector<bool>{true, false, true}));
  EXPECT_EQ(social_->counts(bob.account).value().followers, 1);
}

TEST_F(SocialTest, NobodyFollowsThemselves) {
  Person ada = person(1);
  auto refused = social_->follow(ada.as_follower(), ada.as_followed());
  EXPECT_EQ(refused.error().reason(), "follow_self");
}

TEST_F(SocialTest, ListsTheLatestFirst) {
  Person ada = person(1);
  for (uint64_t n : {5u, 3u, 9u}) {
    clock_.advance(std::chrono::seconds(1));
    ASSERT_TRUE(social_->follow(ada.as_follower(), person(n).as_followed()).ok());
  }
  ASSERT_TRUE(social_->unfollow(ada.as_follower(), person(3).as_followed()).ok());
  EXPECT_EQ(social_->followed_by(ada.account).value(),
            (std::vector<AccountId>{AccountId(9), AccountId(5)}));
  EXPECT_TRUE(social_->followed_by(AccountId(77)).value().empty());
}

TEST_F(SocialTest, FollowsAreLimited) {
  Person ada = person(1);
  ASSERT_TRUE(database_
                  ->write([&](soci::session& sql) -> Result<void> {
                    sql << "INSERT INTO follow_counts VALUES (1, 0, 2000)";
                    return {};
                  })
                  .ok());
  auto refused = social_->follow(ada.as_follower(), person(2).as_followed());
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kExhausted);
  EXPECT_EQ(refused.error().reason(), "follows_too_many");
  EXPECT_TRUE(outbox().empty());
}

// The real thing beside a set, by a seed.
TEST_F(SocialTest, AgreesWithASetAfterRandomChanges) {
  base::Rng rng(7);
  std::set<std::pair<uint64_t, uint64_t>> model;
  size_t changes = 0;
  for (int i = 0; i < 300; ++i) {
    uint64_t a = 1 + rng.below(5);
    uint64_t b = 1 + rng.below(5);
    if (a == b) continue;
    bool follow = rng.below(2) == 0;
    bool expected = follow ? model.insert({a, b}).second : model.erase({a, b}) == 1;
    bool changed = (follow ? social_->follow(person(a).as_follower(), person(b).as_followed())
                           : social_->unfollow(person(a).as_follower(), person(b).as_followed()))
                       .value();
    ASSERT_EQ(changed, expected) << "step " << i;
    changes += changed ? 1 : 0;
  }
  for (uint64_t a = 1; a <= 5; ++a) {
    FollowCounts counts;
    for (auto [x, y] : model) {
      counts.following += x == a ? 1 : 0;
      counts.followers += y == a ? 1 : 0;
    }
    EXPECT_EQ(social_->counts(AccountId(a)).value().following, counts.following);
    EXPECT_EQ(social_->counts(AccountId(a)).value().followers, counts.followers);
  }
  // Folding the messages gives the same follows: the log is told everything, in order.
  std::set<std::pair<uint64_t, uint64_t>> folded;
  auto told = outbox();
  EXPECT_EQ(told.size(), changes);
  for (const auto& message : told) {
    auto body = records::open(message.payload).value().record.follow_changed();
    std::pair<uint64_t, uint64_t> pair{body.viewer_id() - 1000, ~body.author_id()};
    if (body.following()) {
      folded.insert(pair);
    } else {
      folded.erase(pair);
    }
  }
  EXPECT_EQ(folded, model);
}

TEST_F(SocialTest, ManyAtOnceAreCountedOnce) {
  Person bob = person(2);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (uint64_t n = 10; n < 20; ++n) {
        static_cast<void>(social_->follow(person(n).as_follower(), bob.as_followed()));
      }
    });
  }
  threads.clear();
  EXPECT_EQ(social_->counts(bob.account).value().followers, 10);
  EXPECT_EQ(outbox().size(), 10u);
}

}  // namespace
}  // namespace rondo::social
