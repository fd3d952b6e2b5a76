#include "accounts/sessions.h"

#include <set>
#include <thread>

#include "accounts/accounts_fixture.h"

namespace rondo::accounts {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

TEST_F(AccountsFixture, AnonymousViewersHaveTokensAndEngineIdsOfTheirOwn) {
  IssuedSession one = sessions_->open_anonymous("fr").value();
  IssuedSession two = sessions_->open_anonymous("").value();
  EXPECT_EQ(one.token.size(), 43u);
  EXPECT_NE(one.token, two.token);
  EXPECT_NE(one.session.principal.viewer, two.session.principal.viewer);

  Session who = sessions_->authenticate(one.token).value().value();
  EXPECT_EQ(who.principal.kind, Principal::Kind::kAnonymous);
  EXPECT_EQ(who.principal.viewer, one.session.principal.viewer);
  EXPECT_EQ(who.principal.language, "fr");
  EXPECT_TRUE(who.principal.account.is_zero());
  EXPECT_EQ(who.expires_us, one.session.expires_us);
}

TEST_F(AccountsFixture, TheDatabaseDoesNotHoldTheToken) {
  IssuedSession session = sessions_->open_anonymous("").value();
  int rows = database_
                 ->read([&](soci::session& sql) -> Result<int> {
                   int n = 0;
                   sql << "SELECT COUNT(*) FROM sessions WHERE token_sha256 = :token",
                       soci::use(session.token), soci::into(n);
                   return n;
                 })
                 .value();
  EXPECT_EQ(rows, 0);
  EXPECT_EQ(count("sessions"), 1);
}

TEST_F(AccountsFixture, AnAccountsSessionSaysWhoItIs) {
  Account ada = sign_up("ada");
  IssuedSession session = sessions_->open(ada.id).value();
  EXPECT_EQ(session.session.principal.account, ada.id);
  EXPECT_EQ(session.session.principal.viewer, ada.viewer);
  Principal who = sessions_->authenticate(session.token).value()->principal;
  EXPECT_TRUE(who.is_account());
  EXPECT_EQ(who.account, ada.id);
  EXPECT_EQ(who.viewer, ada.viewer);
  EXPECT_EQ(sessions_->open(AccountId(99)).error().code(), ErrorCode::kNotFound);
}

TEST_F(AccountsFixture, UnknownAndMalformedTokensAreNobody) {
  for (const std::string& token :
       {std::string(), std::string("x"), std::string(43, 'A'), std::string(100000, 'A')}) {
    EXPECT_FALSE(sessions_->authenticate(token).value().has_value());
    EXPECT_FALSE(sessions_->cached(token).has_value());
    EXPECT_TRUE(sessions_->close(token).ok());
  }
}

TEST_F(AccountsFixture, SigningOutEndsTheSessionAtOnce) {
  Account ada = sign_up("ada");
  IssuedSession one = sessions_->open(ada.id).value();
  IssuedSession two = sessions_->open(ada.id).value();
  ASSERT_TRUE(sessions_->authenticate(one.token).value().has_value());
  ASSERT_TRUE(sessions_->cached(one.token).has_value());
  sessions_->close(one.token).value();
  EXPECT_FALSE(sessions_->cached(one.token).has_value());
  EXPECT_FALSE(sessions_->authenticate(one.token).value().has_value());
  EXPECT_TRUE(sessions_->authenticate(two.token).value().has_value());
  EXPECT_TRUE(sessions_->close(one.token).ok()) << "idempotent";
}

TEST_F(AccountsFixture, AnAnonymousViewerEndsWithItsSession) {
  IssuedSession session = sessions_->open_anonymous("").value();
  sessions_->close(session.token).value();
  EXPECT_EQ(count("viewers"), 0);
}

TEST_F(AccountsFixture, SessionsSlideAndExpire) {
  IssuedSession session = sessions_->open_anonymous("").value();
  clock_.advance(hours(1));
  EXPECT_EQ(sessions_->authenticate(session.token).value()->expires_us, session.session.expires_us)
      << "not written anew on each use";
  clock_.advance(hours(29 * 24));
  uint64_t slid = sessions_->authenticate(session.token).value()->expires_us;
  EXPECT_EQ(slid, clock_.now_us() +
                      static_cast<uint64_t>(std::chrono::microseconds(hours(30 * 24)).count()));
  clock_.advance(hours(30 * 24) - seconds(1));
  // Not used here: that would prolong it.
  clock_.advance(seconds(1));
  EXPECT_FALSE(sessions_->authenticate(session.token).value().has_value());
}

TEST_F(AccountsFixture, TheCacheNeverOutlivesTheSession) {
  SessionOptions options;
  options.ttl = seconds(10);
  options.slide_every = seconds(100);
  options.cache_ttl = hours(1);
  open(options);
  IssuedSession session = sessions_->open_anonymous("").value();
  ASSERT_TRUE(sessions_->authenticate(session.token).value().has_value());
  clock_.advance(seconds(10));
  EXPECT_FALSE(sessions_->cached(session.token).has_value());
  EXPECT_FALSE(sessions_->authenticate(session.token).value().has_value());
}

TEST_F(AccountsFixture, TheCacheAnswersForItsTimeAndNoLonger) {
  IssuedSession session = sessions_->open_anonymous("").value();
  EXPECT_FALSE(sessions_->cached(session.token).has_value()) << "nothing was read yet";
  ASSERT_TRUE(sessions_->authenticate(session.token).value().has_value());
  EXPECT_TRUE(sessions_->cached(session.token).has_value());
  // Ended behind its back, as by another process.
  database_
      ->write([&](soci::session& sql) -> Result<void> {
        sql << "DELETE FROM sessions";
        return {};
      })
      .value();
  EXPECT_TRUE(sessions_->authenticate(session.token).value().has_value());
  clock_.advance(seconds(5));
  EXPECT_FALSE(sessions_->cached(session.token).has_value());
  EXPECT_FALSE(sessions_->authenticate(session.token).value().has_value());
}

TEST_F(AccountsFixture, TheCacheIsBounded) {
  SessionOptions options;
  options.cache_entries_max = 4;
  open(options);
  std::vector<std::string> tokens;
  for (int i = 0; i < 20; ++i) {
    tokens.push_back(sessions_->open_anonymous("").value().token);
    ASSERT_TRUE(sessions_->authenticate(tokens.back()).value().has_value());
  }
  int held = 0;
  for (const auto& token : tokens) held += sessions_->cached(token).has_value() ? 1 : 0;
  EXPECT_GE(held, 1);
  EXPECT_LE(held, 4);
}

TEST_F(AccountsFixture, AnAccountHasABoundedNumberOfSessions) {
  SessionOptions options;
  options.sessions_per_account_max = 3;
  open(options);
  Account ada = sign_up("ada");
  std::vector<std::string> tokens;
  for (int i = 0; i < 5; ++i) {
    clock_.advance(seconds(1));
    tokens.push_back(sessions_->open(ada.id).value().token);
  }
  EXPECT_EQ(count("sessions"), 3);
  for (size_t i = 0; i < tokens.size(); ++i) {
    EXPECT_EQ(sessions_->authenticate(tokens[i]).value().has_value(), i >= 2) << i;
  }
}

TEST_F(AccountsFixture, PurgesExpiredSessionsInBoundedBatches) {
  for (int i = 0; i < 5; ++i) static_cast<void>(sessions_->open_anonymous("").value());
  Account ada = sign_up("ada");
  static_cast<void>(sessions_->open(ada.id).value());
  EXPECT_EQ(sessions_->purge_expired(100).value(), 0);
  clock_.advance(hours(30 * 24));
  IssuedSession alive = sessions_->open_anonymous("").value();
  EXPECT_EQ(sessions_->purge_expired(4).value(), 4);
  EXPECT_EQ(sessions_->purge_expired(4).value(), 2);
  EXPECT_EQ(sessions_->purge_expired(4).value(), 0);
  EXPECT_EQ(count("sessions"), 1);
  EXPECT_EQ(count("viewers"), 1);
  EXPECT_EQ(count("accounts"), 1);
  EXPECT_TRUE(sessions_->authenticate(alive.token).value().has_value());
}

// A lookup that read the row before it was deleted must not bring it back into the cache.
TEST_F(AccountsFixture, SigningOutWinsAgainstLookupsUnderWay) {
  for (int round = 0; round < 30; ++round) {
    IssuedSession session = sessions_->open_anonymous("").value();
    std::atomic<bool> stop{false};
    std::jthread reader([&] {
      while (!stop) static_cast<void>(sessions_->authenticate(session.token));
    });
    sessions_->close(session.token).value();
    stop = true;
    reader.join();
    ASSERT_FALSE(sessions_->cached(session.token).has_value());
  }
}

}  // namespace
}  // namespace rondo::accounts
