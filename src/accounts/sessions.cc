#include "accounts/sessions.h"

#include <algorithm>
#include <vector>

#include "base/bytes.h"
#include "base/hash.h"

namespace rondo::accounts {

namespace {

constexpr size_t kTokenBytes = 32;
constexpr size_t kTokenCharacters = 43;  // base64url of 32 bytes

std::string hash_of(std::string_view token) {
  return base::to_hex(base::as_bytes(base::sha256(token)));
}

struct SessionRow {
  Session session;
  bool found = false;
};

SessionRow select_session(soci::session& sql, const std::string& hash) {
  long long expires_us = 0;
  long long account = 0;
  long long viewer = 0;
  std::string role;
  std::string language;
  sql << "SELECT s.expires_us, COALESCE(s.account_id, 0),"
         " COALESCE(a.viewer_engine_id, s.viewer_id), COALESCE(a.role, 'member'),"
         " COALESCE(a.language, v.language)"
         " FROM sessions s LEFT JOIN accounts a ON a.id = s.account_id"
         " LEFT JOIN viewers v ON v.engine_id = s.viewer_id WHERE s.token_sha256 = :hash",
      soci::use(hash), soci::into(expires_us), soci::into(account), soci::into(viewer),
      soci::into(role), soci::into(language);
  SessionRow row;
  row.found = sql.got_data();
  if (!row.found) return row;
  row.session.expires_us = static_cast<uint64_t>(expires_us);
  Principal& principal = row.session.principal;
  principal.kind = account == 0 ? Principal::Kind::kAnonymous : Principal::Kind::kAccount;
  principal.account = AccountId(static_cast<uint64_t>(account));
  principal.viewer = EngineId(static_cast<uint64_t>(viewer));
  principal.role = role == to_string(Role::kAdmin) ? Role::kAdmin : Role::kMember;
  principal.language = language;
  return row;
}

}  // namespace

Sessions::Sessions(storage::Database& database, const base::Clock& clock,
                   base::SecureRandom& random, SessionOptions options)
    : database_(database), clock_(clock), random_(random), options_(options) {}

Result<IssuedSession> Sessions::open_anonymous(std::string_view language) {
  IssuedSession issued;
  issued.token = base::to_base64url(random_.bytes(kTokenBytes));
  const uint64_t now = clock_.now_us();
  issued.session.expires_us = now + static_cast<uint64_t>(options_.ttl.count());
  issued.session.principal.viewer = EngineId(random_.next_id());
  issued.session.principal.language = std::string(language);
  RD_CHECK(database_.write([&](soci::session& sql) -> Result<void> {
    const std::string hash = hash_of(issued.token);
    const auto viewer = static_cast<long long>(issued.session.principal.viewer.value());
    const auto now_us = static_cast<long long>(now);
    const auto expires_us = static_cast<long long>(issued.session.expires_us);
    sql << "INSERT INTO viewers (engine_id, language, created_us) VALUES (:viewer, :language, "
           ":now)",
        soci::use(viewer), soci::use(issued.session.principal.language), soci::use(now_us);
    sql << "INSERT INTO sessions (token_sha256, viewer_id, created_us, expires_us)"
           " VALUES (:hash, :viewer, :now, :expires)",
        soci::use(hash), soci::use(viewer), soci::use(now_us), soci::use(expires_us);
    return {};
  }));
  return issued;
}

Result<IssuedSession> Sessions::open(AccountId account) {
  IssuedSession issued;
  issued.token = base::to_base64url(random_.bytes(kTokenBytes));
  const uint64_t now = clock_.now_us();
  const std::string hash = hash_of(issued.token);
  RD_TRY(issued.session, database_.write([&](soci::session& sql) -> Result<Session> {
    const auto id = static_cast<long long>(account.value());
    const auto now_us = static_cast<long long>(now);
    const auto expires_us = now_us + static_cast<long long>(options_.ttl.count());
    int exists = 0;
    sql << "SELECT COUNT(*) FROM accounts WHERE id = :id", soci::use(id), soci::into(exists);
    if (exists == 0) return not_found("this account does not exist any more");
    sql << "INSERT INTO sessions (token_sha256, account_id, created_us, expires_us)"
           " VALUES (:hash, :id, :now, :expires)",
        soci::use(hash), soci::use(id), soci::use(now_us), soci::use(expires_us);
    sql << "DELETE FROM sessions WHERE account_id = :id AND token_sha256 NOT IN"
           " (SELECT token_sha256 FROM sessions WHERE account_id = :id2"
           "  ORDER BY created_us DESC, expires_us DESC, token_sha256 LIMIT :kept)"
           " AND token_sha256 <> :hash",
        soci::use(id), soci::use(id), soci::use(options_.sessions_per_account_max), soci::use(hash);
    return select_session(sql, hash).session;
  }));
  return issued;
}

Result<std::optional<Session>> Sessions::authenticate(std::string_view token) {
  if (token.size() != kTokenCharacters) return std::optional<Session>();
  const std::string hash = hash_of(token);
  if (auto hit = find_cached(hash)) return hit;
  uint64_t generation = 0;
  {
    std::lock_guard lock(mutex_);
    generation = generation_;
  }
  RD_TRY(SessionRow row, database_.read([&](soci::session& sql) -> Result<SessionRow> {
    return select_session(sql, hash);
  }));
  const uint64_t now = clock_.now_us();
  if (!row.found || row.session.expires_us <= now) return std::optional<Session>();
  const uint64_t fresh_until = now + static_cast<uint64_t>(options_.ttl.count());
  if (row.session.expires_us + static_cast<uint64_t>(options_.slide_every.count()) <= fresh_until) {
    // A session that cannot be prolonged right now is still a session: it is tried again next time.
    auto slid = database_.write([&](soci::session& sql) -> Result<void> {
      const auto expires_us = static_cast<long long>(fresh_until);
      sql << "UPDATE sessions SET expires_us = :expires WHERE token_sha256 = :hash",
          soci::use(expires_us), soci::use(hash);
      return {};
    });
    if (slid.ok()) row.session.expires_us = fresh_until;
  }
  remember(hash, row.session, generation);
  return std::optional<Session>(row.session);
}

std::optional<Session> Sessions::cached(std::string_view token) const {
  if (token.size() != kTokenCharacters) return std::nullopt;
  return find_cached(hash_of(token));
}

Result<void> Sessions::close(std::string_view token) {
  if (token.size() != kTokenCharacters) return {};
  const std::string hash = hash_of(token);
  auto done = database_.write([&](soci::session& sql) -> Result<void> {
    long long viewer = 0;
    sql << "SELECT COALESCE(viewer_id, 0) FROM sessions WHERE token_sha256 = :hash",
        soci::use(hash), soci::into(viewer);
    if (!sql.got_data()) return {};
    sql << "DELETE FROM sessions WHERE token_sha256 = :hash", soci::use(hash);
    if (viewer != 0) sql << "DELETE FROM viewers WHERE engine_id = :viewer", soci::use(viewer);
    return {};
  });
  // After the commit: an earlier eviction could be undone by a lookup that still saw the row.
  std::lock_guard lock(mutex_);
  ++generation_;
  cache_.erase(hash);
  return done;
}

Result<int> Sessions::purge_expired(int count_max) {
  return database_.write([&](soci::session& sql) -> Result<int> {
    const auto now_us = static_cast<long long>(clock_.now_us());
    std::vector<std::pair<std::string, long long>> expired;
    std::string hash;
    long long viewer = 0;
    soci::statement find =
        (sql.prepare << "SELECT token_sha256, COALESCE(viewer_id, 0) FROM sessions"
                        " WHERE expires_us <= :now ORDER BY expires_us LIMIT :count",
         soci::use(now_us), soci::use(count_max), soci::into(hash), soci::into(viewer));
    find.execute();
    while (find.fetch()) expired.emplace_back(hash, viewer);
    for (const auto& [gone, whose] : expired) {
      sql << "DELETE FROM sessions WHERE token_sha256 = :hash", soci::use(gone);
      if (whose != 0) sql << "DELETE FROM viewers WHERE engine_id = :viewer", soci::use(whose);
    }
    return static_cast<int>(expired.size());
  });
}

Result<bool> Sessions::adopt_viewer(soci::session& sql, EngineId viewer) {
  const auto id = static_cast<long long>(viewer.value());
  sql << "DELETE FROM sessions WHERE viewer_id = :viewer", soci::use(id);
  soci::statement remove =
      (sql.prepare << "DELETE FROM viewers WHERE engine_id = :viewer", soci::use(id));
  remove.execute(true);
  return remove.get_affected_rows() == 1;
}

void Sessions::forget_viewer(EngineId viewer) {
  forget([&](const Principal& who) { return who.viewer == viewer; });
}

void Sessions::forget_account(AccountId account) {
  forget([&](const Principal& who) { return who.is_account() && who.account == account; });
}

template <typename Matches>
void Sessions::forget(const Matches& matches) {
  std::lock_guard lock(mutex_);
  ++generation_;
  std::erase_if(cache_, [&](const auto& entry) { return matches(entry.second.session.principal); });
}

std::optional<Session> Sessions::find_cached(const std::string& hash) const {
  const uint64_t now = clock_.now_us();
  std::lock_guard lock(mutex_);
  auto it = cache_.find(hash);
  if (it == cache_.end() || it->second.until_us <= now) return std::nullopt;
  if (it->second.session.expires_us <= now) return std::nullopt;
  return it->second.session;
}

void Sessions::remember(const std::string& hash, const Session& session, uint64_t generation) {
  const uint64_t now = clock_.now_us();
  std::lock_guard lock(mutex_);
  if (generation != generation_) return;
  if (cache_.size() >= options_.cache_entries_max) {
    std::erase_if(cache_, [&](const auto& entry) { return entry.second.until_us <= now; });
    // All of them in use: starting over costs one database read a session.
    if (cache_.size() >= options_.cache_entries_max) cache_.clear();
  }
  cache_[hash] = {session, now + static_cast<uint64_t>(options_.cache_ttl.count())};
}

}  // namespace rondo::accounts
