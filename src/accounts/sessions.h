// Sessions: who holds which token.
//
// A token is 256 random bits in base64url; the database keeps its SHA-256 only. A session is an
// account's, or an anonymous viewer's with an engine id of its own. It lasts `ttl` from its last
// use (noted once a day, so that reading stays reading). Signing in never merges an anonymous
// viewer into the account; signing up can take its engine id over (accounts.h), which ends its
// sessions.
//
// A small cache answers repeated lookups without the database. What ends through this object ends
// at once; what another process ends, at most `cache_ttl` later.
//
// Thread safe. Everything but cached() blocks on the database.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "accounts/principal.h"
#include "base/clock.h"
#include "base/random.h"
#include "storage/database.h"

namespace rondo::accounts {

struct SessionOptions {
  std::chrono::microseconds ttl = std::chrono::hours(30 * 24);
  std::chrono::microseconds slide_every = std::chrono::hours(24);
  std::chrono::microseconds cache_ttl = std::chrono::seconds(5);
  size_t cache_entries_max = 65536;
  int sessions_per_account_max = 64;  // beyond, the oldest ends
};

struct Session {
  Principal principal;
  uint64_t expires_us = 0;
};

struct IssuedSession {
  std::string token;  // shown once; never logged
  Session session;
};

class Sessions {
 public:
  Sessions(storage::Database& database, const base::Clock& clock, base::SecureRandom& random,
           SessionOptions options);

  // A new anonymous viewer. `language` as primary_language gives it.
  Result<IssuedSession> open_anonymous(std::string_view language);
  // not_found when there is no such account.
  Result<IssuedSession> open(AccountId account);

  // Who holds the token; nullopt when it is unknown or has expired.
  Result<std::optional<Session>> authenticate(std::string_view token);
  // The same from memory alone, for threads that must not block; nullopt: ask authenticate.
  std::optional<Session> cached(std::string_view token) const;

  // Idempotent. An anonymous viewer ends with its session.
  Result<void> close(std::string_view token);
  // Removes at most `count_max` expired sessions, and the viewers that lived by them; returns how
  // many went.
  Result<int> purge_expired(int count_max);

  // For signing up, inside its transaction: ends the viewer and its sessions; false when there is
  // no such anonymous viewer any more. forget_viewer follows once the transaction has committed.
  static Result<bool> adopt_viewer(soci::session& sql, EngineId viewer);
  void forget_viewer(EngineId viewer);
  // The account's role or language has changed: cached sessions are read anew.
  void forget_account(AccountId account);

 private:
  struct Cached {
    Session session;
    uint64_t until_us = 0;
  };

  std::optional<Session> find_cached(const std::string& hash) const;
  void remember(const std::string& hash, const Session& session, uint64_t generation);
  template <typename Matches>
  void forget(const Matches& matches);

  storage::Database& database_;
  const base::Clock& clock_;
  base::SecureRandom& random_;
  const SessionOptions options_;

  mutable std::mutex mutex_;
  std::unordered_map<std::string, Cached> cache_;  // by token hash; guarded by mutex_
  // Counts what was forgotten: a lookup that began before does not put back what it read then.
  uint64_t generation_ = 0;  // guarded by mutex_
};

}  // namespace rondo::accounts
