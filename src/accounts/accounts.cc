#include "accounts/accounts.h"

#include <utility>

#include "accounts/handle.h"

namespace rondo::accounts {

namespace {

constexpr size_t kIdsMax = 100;

// Selects accounts by a condition; `bind` adds the values of its placeholders.
class AccountQuery {
 public:
  AccountQuery(soci::session& sql, const std::string& condition)
      : text_(
            "SELECT id, handle, role, language, viewer_engine_id, author_engine_id, created_us,"
            " shares_likes, password FROM accounts WHERE " +
            condition),
        statement_(sql) {}

  template <typename T>
  AccountQuery& bind(const T& value) {
    statement_.exchange(soci::use(value));
    return *this;
  }

  std::vector<std::pair<Account, std::string>> rows() {
    long long id = 0;
    long long viewer = 0;
    long long author = 0;
    long long created_us = 0;
    int shares_likes = 0;
    std::string handle;
    std::string role;
    std::string language;
    std::string password;
    statement_.exchange(soci::into(id));
    statement_.exchange(soci::into(handle));
    statement_.exchange(soci::into(role));
    statement_.exchange(soci::into(language));
    statement_.exchange(soci::into(viewer));
    statement_.exchange(soci::into(author));
    statement_.exchange(soci::into(created_us));
    statement_.exchange(soci::into(shares_likes));
    statement_.exchange(soci::into(password));
    statement_.alloc();
    statement_.prepare(text_);
    statement_.define_and_bind();
    statement_.execute();
    std::vector<std::pair<Account, std::string>> found;
    while (statement_.fetch()) {
      found.emplace_back(
          Account{AccountId(static_cast<uint64_t>(id)), handle,
                  role == to_string(Role::kAdmin) ? Role::kAdmin : Role::kMember, language,
                  EngineId(static_cast<uint64_t>(viewer)), EngineId(static_cast<uint64_t>(author)),
                  static_cast<uint64_t>(created_us), shares_likes != 0},
          password);
    }
    return found;
  }

 private:
  std::string text_;
  soci::statement statement_;
};

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

Error handle_taken(std::string_view handle) {
  return conflict("the handle " + quoted(handle) + " is taken; choose another")
      .with_field("handle")
      .with_reason("handle_taken");
}

Error no_such_account(std::string_view handle) {
  return not_found("there is no account " + quoted(handle)).with_reason("account_unknown");
}

// "column IN (1,2,3)". The values are numbers, so nothing has to be escaped.
template <typename Id>
std::string one_of(const std::string& column, std::span<const Id> ids) {
  std::string list;
  for (Id id : ids) {
    if (!list.empty()) list += ',';
    list += std::to_string(static_cast<long long>(id.value()));
  }
  return column + " IN (" + list + ")";
}

template <typename Id>
Result<std::vector<Account>> find_in(storage::Database& database, const std::string& column,
                                     std::span<const Id> ids) {
  if (ids.empty()) return std::vector<Account>();
  if (ids.size() > kIdsMax) {
    return invalid(std::to_string(ids.size()) + " accounts asked for at once; at most 100");
  }
  return database.read([&](soci::session& sql) -> Result<std::vector<Account>> {
    std::vector<Account> found;
    for (auto& row : AccountQuery(sql, one_of(column, ids)).rows()) {
      found.push_back(std::move(row.first));
    }
    return found;
  });
}

// Handles are compared lowered; one that could not exist is simply not found.
std::string lowered(std::string_view handle) {
  auto normalised = normalise_handle(handle);
  return normalised.ok() ? std::move(normalised).value() : std::string();
}

}  // namespace

Result<std::unique_ptr<Accounts>> Accounts::create(storage::Database& database, Sessions& sessions,
                                                   const base::Clock& clock,
                                                   base::SecureRandom& random,
                                                   const AccountOptions& options) {
  RD_TRY(auto hasher, PasswordHasher::create(options.password_cost));
  return std::unique_ptr<Accounts>(
      new Accounts(database, sessions, clock, random, options, std::move(hasher)));
}

Accounts::Accounts(storage::Database& database, Sessions& sessions, const base::Clock& clock,
                   base::SecureRandom& random, const AccountOptions& options, PasswordHasher hasher)
    : database_(database),
      sessions_(sessions),
      clock_(clock),
      random_(random),
      hasher_(std::move(hasher)),
      by_handle_(options.sign_in_per_minute / 60.0, options.sign_in_per_minute,
                 options.sign_in_keys_max),
      by_address_(options.sign_in_per_minute / 60.0, options.sign_in_per_minute,
                  options.sign_in_keys_max) {}

Result<Account> Accounts::sign_up(const NewAccount& wanted) {
  RD_TRY(std::string handle, normalise_handle(wanted.handle));
  if (is_reserved_handle(handle)) {
    return invalid("the handle " + quoted(handle) + " is kept for the network; choose another")
        .with_field("handle")
        .with_reason("handle_reserved");
  }
  return create_account(wanted, Role::kMember);
}

Result<Account> Accounts::create_user(std::string_view handle, std::string_view password,
                                      Role role) {
  return create_account({std::string(handle), std::string(password), "", EngineId()}, role);
}

Result<Account> Accounts::create_account(const NewAccount& wanted, Role role) {
  Account account;
  RD_TRY(account.handle, normalise_handle(wanted.handle));
  RD_CHECK(check_password(wanted.password, account.handle));
  RD_TRY(account.language, primary_language(wanted.language));
  account.role = role;
  account.id = AccountId(random_.next_id());
  account.author = EngineId(random_.next_id());
  account.created_us = clock_.now_us();
  // Before the costly hash; the transaction below decides.
  if (auto taken = find_handle(account.handle); taken.ok()) return handle_taken(account.handle);
  RD_TRY(const std::string password, hasher_.hash(wanted.password));

  auto stored = database_.write([&](soci::session& sql) -> Result<void> {
    bool kept = false;
    if (!wanted.keep_viewer.is_zero()) {
      RD_TRY(kept, Sessions::adopt_viewer(sql, wanted.keep_viewer));
    }
    account.viewer = kept ? wanted.keep_viewer : EngineId(random_.next_id());
    const auto id = static_cast<long long>(account.id.value());
    const auto viewer = static_cast<long long>(account.viewer.value());
    const auto author = static_cast<long long>(account.author.value());
    const auto created_us = static_cast<long long>(account.created_us);
    const std::string role_text(to_string(role));
    sql << "INSERT INTO accounts (id, handle, password, role, language, viewer_engine_id,"
           " author_engine_id, created_us)"
           " VALUES (:id, :handle, :password, :role, :language, :viewer, :author, :created)",
        soci::use(id), soci::use(account.handle), soci::use(password), soci::use(role_text),
        soci::use(account.language), soci::use(viewer), soci::use(author), soci::use(created_us);
    return {};
  });
  if (!stored.ok()) {
    // Two people, one handle, the same moment. The other unique columns are random.
    if (stored.error().code() == ErrorCode::kConflict) return handle_taken(account.handle);
    return std::move(stored).error();
  }
  if (!wanted.keep_viewer.is_zero()) sessions_.forget_viewer(wanted.keep_viewer);
  return account;
}

int Accounts::admit_sign_in(std::string_view handle, std::string_view address) {
  const uint64_t now = clock_.now_us();
  // The address first: one that is over its limit does not use up the limit of somebody's handle.
  if (int wait = by_address_.take(address, 1, now); wait > 0) return wait;
  const std::string name = lowered(handle);
  return name.empty() ? 0 : by_handle_.take(name, 1, now);
}

Result<Account> Accounts::sign_in(std::string_view handle, std::string_view password) {
  const std::string name = lowered(handle);
  RD_TRY(auto rows, database_.read([&](soci::session& sql) {
    return Result<std::vector<std::pair<Account, std::string>>>(
        AccountQuery(sql, "handle = :handle").bind(name).rows());
  }));
  bool right = false;
  if (rows.empty()) {
    hasher_.verify_decoy(password);
  } else {
    right = hasher_.verify(password, rows.front().second);
  }
  if (!right) {
    return denied("handle and password do not belong together; check both")
        .with_reason("credentials_wrong");
  }
  return std::move(rows.front().first);
}

Result<Account> Accounts::find(AccountId id) const {
  const AccountId ids[] = {id};
  RD_TRY(auto found, find_many(ids));
  if (found.empty()) return not_found("this account does not exist").with_reason("account_unknown");
  return std::move(found.front());
}

Result<Account> Accounts::find_handle(std::string_view handle) const {
  const std::string name = lowered(handle);
  return database_.read([&](soci::session& sql) -> Result<Account> {
    auto rows = AccountQuery(sql, "handle = :handle").bind(name).rows();
    if (rows.empty()) return no_such_account(handle);
    return std::move(rows.front().first);
  });
}

Result<std::vector<Account>> Accounts::find_many(std::span<const AccountId> ids) const {
  return find_in(database_, "id", ids);
}

Result<std::vector<Account>> Accounts::find_authors(std::span<const EngineId> authors) const {
  return find_in(database_, "author_engine_id", authors);
}

Result<Account> Accounts::share_likes(AccountId id, bool shares) {
  RD_CHECK(database_.write([&](soci::session& sql) -> Result<void> {
    const int value = shares ? 1 : 0;
    const auto account = static_cast<long long>(id.value());
    sql << "UPDATE accounts SET shares_likes = :value WHERE id = :id", soci::use(value),
        soci::use(account);
    return {};
  }));
  return find(id);
}

Result<void> Accounts::promote(std::string_view handle, Role role) {
  RD_TRY(Account account, find_handle(handle));
  RD_CHECK(database_.write([&](soci::session& sql) -> Result<void> {
    const std::string role_text(to_string(role));
    const auto id = static_cast<long long>(account.id.value());
    sql << "UPDATE accounts SET role = :role WHERE id = :id", soci::use(role_text), soci::use(id);
    return {};
  }));
  sessions_.forget_account(account.id);
  return {};
}

}  // namespace rondo::accounts
