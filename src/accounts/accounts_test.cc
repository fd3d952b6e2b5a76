#include "accounts/accounts.h"

#include <atomic>
#include <set>
#include <thread>

#include "accounts/accounts_fixture.h"

namespace rondo::accounts {
namespace {

TEST_F(AccountsFixture, SignsUpAndIn) {
  Account made = accounts_->sign_up({"Ada.L", "four unrelated words", "en-GB", EngineId()}).value();
  EXPECT_EQ(made.handle, "ada.l");
  EXPECT_EQ(made.language, "en");
  EXPECT_EQ(made.role, Role::kMember);
  EXPECT_EQ(made.created_us, clock_.now_us());

  Account in = accounts_->sign_in("ADA.L", "four unrelated words").value();
  EXPECT_EQ(in.id, made.id);
  EXPECT_EQ(accounts_->find(made.id).value().handle, "ada.l");
  EXPECT_EQ(accounts_->find_handle("Ada.l").value().viewer, made.viewer);
}

TEST_F(AccountsFixture, LikesArePrivateUntilTheAccountSaysOtherwise) {
  auto made = accounts_->sign_up({"ada", "four unrelated words", "", EngineId()}).value();
  EXPECT_FALSE(made.shares_likes);
  EXPECT_FALSE(accounts_->find(made.id).value().shares_likes);
  EXPECT_TRUE(accounts_->share_likes(made.id, true).value().shares_likes);
  EXPECT_TRUE(accounts_->find_handle("ada").value().shares_likes);
  EXPECT_FALSE(accounts_->share_likes(made.id, false).value().shares_likes);
  EXPECT_EQ(accounts_->share_likes(AccountId(1), true).error().code(), ErrorCode::kNotFound);
}

TEST_F(AccountsFixture, EngineIdsAreRandomAndUnlinked) {
  std::set<uint64_t> ids;
  for (auto handle : {"one", "two", "three", "four"}) {
    Account account = sign_up(handle);
    ids.insert({account.id.value(), account.viewer.value(), account.author.value()});
  }
  EXPECT_EQ(ids.size(), 12u);
  EXPECT_EQ(ids.count(0), 0u);
}

TEST_F(AccountsFixture, RefusesReservedHandlesButTheOperatorMayGiveThem) {
  auto refused = accounts_->sign_up({"Admin", "four unrelated words", "", EngineId()});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().reason(), "handle_reserved");
  EXPECT_EQ(refused.error().field(), "handle");
  Account made = accounts_->create_user("admin", "four unrelated words", Role::kAdmin).value();
  EXPECT_EQ(made.role, Role::kAdmin);
  EXPECT_EQ(accounts_->sign_in("admin", "four unrelated words").value().role, Role::kAdmin);
}

TEST_F(AccountsFixture, RefusesWhatIsWrongWithTheField) {
  EXPECT_EQ(accounts_->sign_up({"ada", "short", "", EngineId()}).error().field(), "password");
  EXPECT_EQ(accounts_->sign_up({"a", "four unrelated words", "", EngineId()}).error().field(),
            "handle");
  EXPECT_EQ(accounts_->sign_up({"ada", "four unrelated words", "?", EngineId()}).error().field(),
            "language");
  EXPECT_EQ(count("accounts"), 0);
}

TEST_F(AccountsFixture, OneHandleIsOneAccountHoweverItIsTyped) {
  sign_up("ada");
  auto again = accounts_->sign_up({"ADA", "four unrelated words", "", EngineId()});
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code(), ErrorCode::kConflict);
  EXPECT_EQ(again.error().reason(), "handle_taken");
}

// All get past the first look together; the database decides.
TEST_F(AccountsFixture, OfManyWhoWantOneHandleAtOnceOneGetsIt) {
  std::atomic<int> made{0};
  std::atomic<int> taken{0};
  std::atomic<bool> go{false};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      while (!go) std::this_thread::yield();
      auto result = accounts_->sign_up({"ada", "four unrelated words", "", EngineId()});
      if (result.ok()) {
        ++made;
      } else if (result.error().reason() == "handle_taken") {
        ++taken;
      }
    });
  }
  go = true;
  threads.clear();
  EXPECT_EQ(made, 1);
  EXPECT_EQ(taken, 7);
  EXPECT_EQ(count("accounts"), 1);
}

TEST_F(AccountsFixture, WrongHandleAndWrongPasswordAreToldInTheSameWordsAndWork) {
  sign_up("ada");
  uint64_t before = accounts_->password_verifications();
  auto wrong_password = accounts_->sign_in("ada", "four unrelated birds");
  EXPECT_EQ(accounts_->password_verifications(), before + 1);
  auto wrong_handle = accounts_->sign_in("bob", "four unrelated words");
  EXPECT_EQ(accounts_->password_verifications(), before + 2);
  auto no_handle = accounts_->sign_in("?", "four unrelated words");
  EXPECT_EQ(accounts_->password_verifications(), before + 3);

  EXPECT_EQ(wrong_password.error().code(), ErrorCode::kDenied);
  EXPECT_EQ(wrong_password.error().reason(), "credentials_wrong");
  for (const auto& other : {wrong_handle, no_handle}) {
    EXPECT_EQ(other.error().code(), wrong_password.error().code());
    EXPECT_EQ(other.error().describe(), wrong_password.error().describe());
    EXPECT_EQ(other.error().reason(), wrong_password.error().reason());
  }
}

TEST_F(AccountsFixture, SignInIsLimitedByHandleAndByAddress) {
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(accounts_->admit_sign_in("ada", "10.0.0." + std::to_string(i)), 0);
  int wait = accounts_->admit_sign_in("Ada", "10.0.0.99");
  EXPECT_GE(wait, 1);
  EXPECT_LE(wait, 6);
  EXPECT_EQ(accounts_->admit_sign_in("bob", "10.0.0.0"), 0) << "another handle is not concerned";
  clock_.advance(std::chrono::seconds(wait));
  EXPECT_EQ(accounts_->admit_sign_in("ada", "10.0.0.99"), 0);

  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(accounts_->admit_sign_in("h" + std::to_string(i) + "x", "10.9.9.9"), 0);
  EXPECT_GE(accounts_->admit_sign_in("carol", "10.9.9.9"), 1);
  for (int i = 0; i < 50; ++i) static_cast<void>(accounts_->admit_sign_in("carol", "10.9.9.9"));
  EXPECT_EQ(accounts_->admit_sign_in("carol", "10.8.8.8"), 0)
      << "an address over its limit uses up nobody's handle";
}

TEST_F(AccountsFixture, SigningUpKeepsTheAnonymousViewerOnce) {
  IssuedSession anonymous = sessions_->open_anonymous("fr").value();
  EngineId viewer = anonymous.session.principal.viewer;
  ASSERT_TRUE(sessions_->authenticate(anonymous.token).value().has_value());

  Account first = accounts_->sign_up({"ada", "four unrelated words", "", viewer}).value();
  EXPECT_EQ(first.viewer, viewer);
  EXPECT_FALSE(sessions_->cached(anonymous.token).has_value());
  EXPECT_FALSE(sessions_->authenticate(anonymous.token).value().has_value());
  EXPECT_EQ(count("viewers"), 0);

  Account second = accounts_->sign_up({"bob", "four unrelated words", "", viewer}).value();
  EXPECT_NE(second.viewer, viewer) << "the viewer is ada's now";
}

TEST_F(AccountsFixture, ARefusedSignUpLeavesTheAnonymousViewer) {
  sign_up("ada");
  IssuedSession anonymous = sessions_->open_anonymous("").value();
  EXPECT_FALSE(
      accounts_->sign_up({"ada", "four unrelated words", "", anonymous.session.principal.viewer})
          .ok());
  EXPECT_TRUE(sessions_->authenticate(anonymous.token).value().has_value());
}

TEST_F(AccountsFixture, FindsManyByEitherId) {
  Account a = sign_up("ada");
  Account b = sign_up("bob");
  const AccountId ids[] = {a.id, AccountId(12345), b.id};
  EXPECT_EQ(accounts_->find_many(ids).value().size(), 2u);
  const EngineId authors[] = {b.author, a.viewer};
  auto found = accounts_->find_authors(authors).value();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].handle, "bob");
  EXPECT_TRUE(accounts_->find_many({}).value().empty());
  std::vector<AccountId> many(101, a.id);
  EXPECT_EQ(accounts_->find_many(many).error().code(), ErrorCode::kInvalid);
}

TEST_F(AccountsFixture, PromotionReachesOpenSessionsAtOnce) {
  Account ada = sign_up("ada");
  IssuedSession session = sessions_->open(ada.id).value();
  EXPECT_FALSE(sessions_->authenticate(session.token).value()->principal.is_admin());
  accounts_->promote("ada", Role::kAdmin).value();
  EXPECT_TRUE(sessions_->authenticate(session.token).value()->principal.is_admin());
  EXPECT_EQ(accounts_->promote("nobody_here", Role::kAdmin).error().code(), ErrorCode::kNotFound);
}

}  // namespace
}  // namespace rondo::accounts
