#include "jobs/in_process/job_table.h"

#include <algorithm>
#include <iterator>

#include "base/bytes.h"
#include "jobs/in_process/in_process_queue.h"
#include "storage/sequence.h"

namespace rondo::jobs {

namespace {

// due_us: when a queued job may run; when a job in another state came into it.
// told: 0 for a failed job whose on_failed may not have been called.
constexpr storage::Migration kMigrations[] = {
    {"jobs", 1, R"(
CREATE TABLE jobs (
  id BIGINT NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL,
  job_key TEXT NOT NULL,
  payload TEXT NOT NULL,
  state INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  error TEXT NOT NULL,
  due_us BIGINT NOT NULL,
  told INTEGER NOT NULL,
  UNIQUE (kind, job_key)
);
CREATE INDEX jobs_by_state ON jobs (state, due_us)
)"},
    // turn: rounds in which every owner has one; counted from wherever the queue stands.
    {"jobs", 2, R"(
ALTER TABLE jobs ADD COLUMN owner_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN turn BIGINT NOT NULL DEFAULT 0;
CREATE INDEX jobs_by_turn ON jobs (state, turn, id);
CREATE INDEX jobs_by_owner ON jobs (state, owner_id, turn)
)"},
};

constexpr const char* kColumns =
    "id, kind, job_key, payload, state, attempts, error, owner_id, due_us";

int number(JobState state) {
  switch (state) {
    case JobState::kQueued:
      return 0;
    case JobState::kRunning:
      return 1;
    case JobState::kDone:
      return 2;
    case JobState::kFailed:
      return 3;
  }
  base::assertion_failed("a job's state", __FILE__, __LINE__);
}

Result<JobState> state_of(int value) {
  for (JobState state :
       {JobState::kQueued, JobState::kRunning, JobState::kDone, JobState::kFailed}) {
    if (number(state) == value) return state;
  }
  return base::corrupt("a stored job has the state " + std::to_string(value));
}

Result<Job> job_of(const soci::row& row) {
  Job job;
  job.id = JobId(static_cast<uint64_t>(row.get<long long>(0)));
  job.kind = row.get<std::string>(1);
  job.key = row.get<std::string>(2);
  auto payload = base::from_base64(row.get<std::string>(3));
  if (!payload.ok()) return base::corrupt("the payload of job '" + job.key + "' is damaged");
  job.payload = std::move(*payload);
  RD_TRY(job.state, state_of(row.get<int>(4)));
  job.attempts = row.get<int>(5);
  job.error = row.get<std::string>(6);
  job.owner = static_cast<uint64_t>(row.get<long long>(7));
  job.due_us = static_cast<uint64_t>(row.get<long long>(8));
  return job;
}

Result<std::vector<Job>> jobs_of(const soci::rowset<soci::row>& rows) {
  std::vector<Job> jobs;
  for (const soci::row& row : rows) {
    RD_TRY(Job job, job_of(row));
    jobs.push_back(std::move(job));
  }
  return jobs;
}

// Names are checked by add_kind: letters, digits, '_' and '.'.
std::string name_list(const std::vector<JobKind>& kinds) {
  std::string names;
  for (const JobKind& kind : kinds) names += (names.empty() ? "'" : ", '") + kind.name + "'";
  return names;
}

long long signed_us(uint64_t us) { return static_cast<long long>(us); }

// The round after the owner's last waiting job, or else the one that the queue has come to: that of
// what runs, or of what may run next. A lower one would let its owner pass everybody, round after
// round, whose jobs are counted from there.
long long next_turn(soci::session& sql, long long owner, long long now) {
  long long running = 0;
  long long waiting = 0;
  long long after_own = 0;
  sql << "SELECT COALESCE(MAX(turn), 0) FROM jobs WHERE state = 1", soci::into(running);
  // What is to be tried again later holds no round back, unless there is nothing else.
  sql << "SELECT COALESCE((SELECT MIN(turn) FROM jobs WHERE state = 0 AND due_us <= :now), "
         "(SELECT MIN(turn) FROM jobs WHERE state = 0), 0)",
      soci::into(waiting), soci::use(now, "now");
  sql << "SELECT COALESCE(MAX(turn) + 1, 0) FROM jobs WHERE state IN (0, 1) AND owner_id = :owner",
      soci::into(after_own), soci::use(owner, "owner");
  return std::max({running, waiting, after_own});
}

// Moves a job out of the running state.
void settle(soci::session& sql, const Job& job, JobState state, uint64_t due_us, int told) {
  const auto id = static_cast<long long>(job.id.value());
  const long long due = signed_us(due_us);
  const int to = number(state);
  const int from = number(JobState::kRunning);
  sql << "UPDATE jobs SET state = :state, attempts = :attempts, error = :error, due_us = :due, "
         "told = :told WHERE id = :id AND state = :from",
      soci::use(to, "state"), soci::use(job.attempts, "attempts"), soci::use(job.error, "error"),
      soci::use(due, "due"), soci::use(told, "told"), soci::use(id, "id"), soci::use(from, "from");
}

}  // namespace

std::span<const storage::Migration> job_migrations() { return kMigrations; }

Result<JobTable::Enqueued> JobTable::enqueue(const std::string& kind, const std::string& key,
                                             std::string_view payload, uint64_t owner_id,
                                             uint64_t now_us) {
  const auto owner = static_cast<long long>(owner_id);
  const std::string encoded = base::to_base64url(payload);
  const long long now = signed_us(now_us);
  return db_.write([&](soci::session& sql) -> Result<Enqueued> {
    long long id = 0;
    int state = 0;
    sql << "SELECT id, state FROM jobs WHERE kind = :kind AND job_key = :key", soci::into(id),
        soci::into(state), soci::use(kind, "kind"), soci::use(key, "key");
    const bool known = sql.got_data();
    if (known && state != number(JobState::kFailed)) {
      return Enqueued{JobId(static_cast<uint64_t>(id)), /*fresh=*/false};
    }
    const long long turn = next_turn(sql, owner, now);
    if (known) {
      sql << "UPDATE jobs SET payload = :payload, state = 0, attempts = 0, error = '', "
             "due_us = :now, told = 1, owner_id = :owner, turn = :turn WHERE id = :id",
          soci::use(encoded, "payload"), soci::use(now, "now"), soci::use(owner, "owner"),
          soci::use(turn, "turn"), soci::use(id, "id");
    } else {
      RD_TRY(uint64_t next, storage::next_in_sequence(sql, "jobs"));
      id = static_cast<long long>(next);
      sql << "INSERT INTO jobs (id, kind, job_key, payload, state, attempts, error, due_us, told, "
             "owner_id, turn) VALUES (:id, :kind, :key, :payload, 0, 0, '', :now, 1, :owner, "
             ":turn)",
          soci::use(id, "id"), soci::use(kind, "kind"), soci::use(key, "key"),
          soci::use(encoded, "payload"), soci::use(now, "now"), soci::use(owner, "owner"),
          soci::use(turn, "turn");
    }
    return Enqueued{JobId(static_cast<uint64_t>(id)), /*fresh=*/true};
  });
}

Result<void> JobTable::free_leases(const std::vector<JobKind>& kinds, uint64_t now_us) {
  const long long now = signed_us(now_us);
  return db_.write([&](soci::session& sql) -> Result<void> {
    for (const JobKind& kind : kinds) {
      const std::string error =
          "the process died during the last of " + std::to_string(kind.attempts_max) + " attempts";
      const int told = kind.on_failed ? 0 : 1;
      sql << "UPDATE jobs SET state = 3, error = :error, due_us = :now, told = :told "
             "WHERE state = 1 AND kind = :kind AND attempts >= :most",
          soci::use(error, "error"), soci::use(now, "now"), soci::use(told, "told"),
          soci::use(kind.name, "kind"), soci::use(kind.attempts_max, "most");
    }
    sql << "UPDATE jobs SET state = 0, error = 'the process died during the attempt before', "
           "due_us = :now WHERE state = 1",
        soci::use(now, "now");
    return {};
  });
}

Result<std::optional<Job>> JobTable::lease(const std::vector<JobKind>& kinds, uint64_t now_us) {
  if (kinds.empty()) return std::optional<Job>();
  const long long now = signed_us(now_us);
  const std::string query = "SELECT id FROM jobs WHERE state = 0 AND due_us <= :now AND kind IN (" +
                            name_list(kinds) + ") ORDER BY turn, id LIMIT 1";
  // Most looks find nothing: do not take the writer's turn for them.
  auto due = db_.read([&](soci::session& sql) -> Result<bool> {
    long long id = 0;
    sql << query, soci::into(id), soci::use(now, "now");
    return sql.got_data();
  });
  if (!due.ok()) return std::move(due).error();
  if (!*due) return std::optional<Job>();
  return db_.write([&](soci::session& sql) -> Result<std::optional<Job>> {
    long long id = 0;
    sql << query, soci::into(id), soci::use(now, "now");
    if (!sql.got_data()) return std::optional<Job>();
    sql << "UPDATE jobs SET state = 1, attempts = attempts + 1, due_us = :now WHERE id = :id",
        soci::use(now, "now"), soci::use(id, "id");
    soci::rowset<soci::row> rows =
        (sql.prepare << std::string("SELECT ") + kColumns + " FROM jobs WHERE id = :id",
         soci::use(id, "id"));
    RD_TRY(auto jobs, jobs_of(rows));
    return std::optional<Job>(std::move(jobs.at(0)));
  });
}

Result<std::optional<uint64_t>> JobTable::next_due_us(const std::vector<JobKind>& kinds) const {
  if (kinds.empty()) return std::optional<uint64_t>();
  const std::string query =
      "SELECT MIN(due_us) FROM jobs WHERE state = 0 AND kind IN (" + name_list(kinds) + ")";
  return db_.read([&](soci::session& sql) -> Result<std::optional<uint64_t>> {
    long long due = 0;
    soci::indicator present = soci::i_null;
    sql << query, soci::into(due, present);
    if (present != soci::i_ok) return std::optional<uint64_t>();
    return std::optional<uint64_t>(static_cast<uint64_t>(due));
  });
}

Result<void> JobTable::set_done(const Job& job, uint64_t now_us, uint64_t forget_before_us) {
  return db_.write([&](soci::session& sql) -> Result<void> {
    settle(sql, job, JobState::kDone, now_us, /*told=*/1);
    const long long before = signed_us(forget_before_us);
    sql << "DELETE FROM jobs WHERE state = 2 AND due_us < :before", soci::use(before, "before");
    return {};
  });
}

Result<void> JobTable::set_queued(const Job& job, uint64_t due_us) {
  return db_.write([&](soci::session& sql) -> Result<void> {
    settle(sql, job, JobState::kQueued, due_us, /*told=*/1);
    return {};
  });
}

Result<void> JobTable::set_failed(const Job& job, uint64_t now_us) {
  return db_.write([&](soci::session& sql) -> Result<void> {
    settle(sql, job, JobState::kFailed, now_us, /*told=*/0);
    return {};
  });
}

Result<std::vector<Job>> JobTable::untold() const {
  return db_.read([&](soci::session& sql) -> Result<std::vector<Job>> {
    soci::rowset<soci::row> rows =
        (sql.prepare << std::string("SELECT ") + kColumns +
                            " FROM jobs WHERE state = 3 AND told = 0 ORDER BY id");
    return jobs_of(rows);
  });
}

Result<void> JobTable::set_told(JobId job) {
  return db_.write([&](soci::session& sql) -> Result<void> {
    const auto id = static_cast<long long>(job.value());
    sql << "UPDATE jobs SET told = 1 WHERE id = :id AND state = 3", soci::use(id, "id");
    return {};
  });
}

Result<void> JobTable::retry(JobId job, uint64_t now_us) {
  return db_.write([&](soci::session& sql) -> Result<void> {
    const auto id = static_cast<long long>(job.value());
    int state = 0;
    long long owner = 0;
    sql << "SELECT state, owner_id FROM jobs WHERE id = :id", soci::into(state), soci::into(owner),
        soci::use(id, "id");
    if (!sql.got_data()) {
      return base::not_found("there is no job " + std::to_string(job.value()));
    }
    const long long now = signed_us(now_us);
    if (state == number(JobState::kQueued)) {
      sql << "UPDATE jobs SET due_us = :now WHERE id = :id AND due_us > :now2",
          soci::use(now, "now"), soci::use(id, "id"), soci::use(now, "now2");
      return {};
    }
    if (state != number(JobState::kFailed)) {
      return base::conflict(state == number(JobState::kDone) ? "the job is done"
                                                             : "the job is running already")
          .with_reason("not_waiting");
    }
    const long long turn = next_turn(sql, owner, now);
    sql << "UPDATE jobs SET state = 0, attempts = 0, error = '', due_us = :now, told = 1,"
           " turn = :turn WHERE id = :id",
        soci::use(now, "now"), soci::use(turn, "turn"), soci::use(id, "id");
    return {};
  });
}

Result<QueueView> JobTable::view(int each_max) const {
  return db_.read([&](soci::session& sql) -> Result<QueueView> {
    QueueView view;
    const auto add = [&](JobState state, const char* order, int64_t& count) -> Result<void> {
      const int in_state = number(state);
      long long all = 0;
      sql << "SELECT COUNT(*) FROM jobs WHERE state = :state", soci::into(all),
          soci::use(in_state, "state");
      count = all;
      soci::rowset<soci::row> rows =
          (sql.prepare << std::string("SELECT ") + kColumns + " FROM jobs WHERE state = :state" +
                              " ORDER BY " + order + " LIMIT :count",
           soci::use(in_state, "state"), soci::use(each_max, "count"));
      RD_TRY(auto jobs, jobs_of(rows));
      std::move(jobs.begin(), jobs.end(), std::back_inserter(view.jobs));
      return {};
    };
    RD_CHECK(add(JobState::kRunning, "due_us, id", view.running));
    RD_CHECK(add(JobState::kQueued, "turn, id", view.queued));
    RD_CHECK(add(JobState::kFailed, "due_us DESC, id DESC", view.failed));
    return view;
  });
}

Result<Job> JobTable::find(JobId job) const {
  return db_.read([&](soci::session& sql) -> Result<Job> {
    const auto id = static_cast<long long>(job.value());
    soci::rowset<soci::row> rows =
        (sql.prepare << std::string("SELECT ") + kColumns + " FROM jobs WHERE id = :id",
         soci::use(id, "id"));
    RD_TRY(auto jobs, jobs_of(rows));
    if (jobs.empty()) return base::not_found("there is no job " + std::to_string(job.value()));
    return std::move(jobs[0]);
  });
}

Result<std::vector<Job>> JobTable::list(JobState state, int count_max) const {
  return db_.read([&](soci::session& sql) -> Result<std::vector<Job>> {
    const int in_state = number(state);
    soci::rowset<soci::row> rows =
        (sql.prepare << std::string("SELECT ") + kColumns +
                            " FROM jobs WHERE state = :state ORDER BY id DESC LIMIT :count",
         soci::use(in_state, "state"), soci::use(count_max, "count"));
    return jobs_of(rows);
  });
}

}  // namespace rondo::jobs
