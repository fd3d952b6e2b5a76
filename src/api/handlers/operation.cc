#include "api/handlers/operation.h"

#include <algorithm>
#include <map>
#include <set>
#include <span>

#include "accounts/accounts.h"
#include "api/handlers/present.h"
#include "api/services.h"
#include "telemetry/log.h"
#include "workflows/job_desk.h"
#include "workflows/storage_use.h"

namespace rondo::api::handlers {
namespace {

using runtime::Task;

constexpr size_t kAccountsAtOnceMax = 100;
constexpr int kLargestAccounts = 50;

Error no_such_job() { return not_found("there is no such job"); }

Result<std::map<AccountId, std::string>> handles_of(Services& services,
                                                    const std::set<AccountId>& accounts) {
  const std::vector<AccountId> ids(accounts.begin(), accounts.end());
  std::map<AccountId, std::string> handles;
  for (size_t from = 0; from < ids.size(); from += kAccountsAtOnceMax) {
    RD_TRY(auto found, services.accounts.find_many(std::span(ids).subspan(
                           from, std::min(kAccountsAtOnceMax, ids.size() - from))));
    for (auto& account : found) handles[account.id] = std::move(account.handle);
  }
  return handles;
}

wire::JobPurpose to_wire(workflows::JobPurpose purpose) {
  switch (purpose) {
    case workflows::JobPurpose::kPublish:
      return wire::JobPurpose::publish;
    case workflows::JobPurpose::kFinish:
      return wire::JobPurpose::finish;
    case workflows::JobPurpose::kCleanUp:
      return wire::JobPurpose::clean_up;
    case workflows::JobPurpose::kOther:
      break;
  }
  return wire::JobPurpose::other;
}

wire::VideoState to_wire(catalogue::VideoState state) {
  if (state == catalogue::VideoState::kLive) return wire::VideoState::live;
  return state == catalogue::VideoState::kRefused ? wire::VideoState::refused
                                                  : wire::VideoState::processing;
}

wire::OperatedJob to_wire(const workflows::DeskJob& shown) {
  const jobs::Job& job = shown.job;
  wire::OperatedJob out;
  out.id = to_text(job.id);
  out.purpose = to_wire(shown.purpose);
  out.video_id = job.payload;
  out.attempts = job.attempts;
  if (!job.error.empty()) out.last_error = job.error;
  const std::string due = time_text(job.due_us);
  if (job.state == jobs::JobState::kQueued) {
    if (job.attempts > 0) out.next_try_at = due;
  } else {
    out.state =
        job.state == jobs::JobState::kRunning ? wire::JobState::running : wire::JobState::failed;
    out.since = due;
  }
  if (shown.video) {
    out.video_state = to_wire(shown.video->state);
    out.caption = shown.video->caption;
    if (shown.video->state == catalogue::VideoState::kProcessing) {
      out.progress = shown.video->progress;
    }
  }
  out.can_cancel = shown.can_call_off;
  out.can_retry = shown.can_retry;
  return out;
}

// `act` on the job of the path, and a line in the log of who did it.
template <typename Act>
Task<Result<Reply<None>>> act_on_job(Context& context, const char* what, Act act) {
  Services& services = context.services;
  auto id = id_from_text<JobId>(context.path.at(0));
  if (!id.ok()) co_return no_such_job();
  auto work = [&services, id = *id, act]() -> Result<void> {
    auto done = act(services, id);
    if (!done.ok() && done.error().code() == ErrorCode::kNotFound) return no_such_job();
    return done;
  };
  RD_CO_CHECK(co_await context.blocking(work));
  log::info(what, {{"job", to_text(*id)}, {"by", to_text(context.principal->account)}});
  co_return Reply<None>();
}

}  // namespace

Task<Result<Reply<wire::OperatedQueue>>> list_jobs(Context& context, None, None) {
  Services& services = context.services;
  auto look = [&services]() -> Result<wire::OperatedQueue> {
    RD_TRY(auto desk, services.job_desk.view());
    std::set<AccountId> owners;
    for (const auto& shown : desk.jobs) owners.insert(AccountId(shown.job.owner));
    RD_TRY(const auto handles, handles_of(services, owners));
    wire::OperatedQueue out{desk.running, desk.waiting, desk.failed, {}};
    for (const auto& shown : desk.jobs) {
      out.items.push_back(to_wire(shown));
      auto handle = handles.find(AccountId(shown.job.owner));
      if (handle != handles.end()) out.items.back().owner = handle->second;
    }
    return out;
  };
  Reply<wire::OperatedQueue> reply;
  RD_CO_TRY(reply.body, co_await context.blocking(look));
  co_return reply;
}

Task<Result<Reply<None>>> cancel_job(Context& context, None, None) {
  return act_on_job(context, "a job is called off",
                    [](Services& services, JobId id) { return services.job_desk.call_off(id); });
}

Task<Result<Reply<None>>> retry_job(Context& context, None, None) {
  return act_on_job(context, "a job is tried again",
                    [](Services& services, JobId id) { return services.job_desk.retry(id); });
}

Task<Result<Reply<wire::OperatedStorage>>> get_storage(Context& context, None, None) {
  Services& services = context.services;
  auto sum = [&services]() -> Result<wire::OperatedStorage> {
    wire::OperatedStorage out;
    RD_TRY(const auto total, services.storage.total());
    out.total = present(total);
    const int64_t each_mib = services.config.uploads.account_quota_mib;
    if (each_mib > 0) out.account_bytes_max = each_mib << 20;
    RD_TRY(const auto largest, services.storage.largest(kLargestAccounts));
    std::set<AccountId> ids;
    for (const auto& [account, use] : largest) ids.insert(account);
    RD_TRY(auto handles, handles_of(services, ids));
    for (const auto& [account, use] : largest) {
      out.accounts.push_back({handles[account], static_cast<int64_t>(use.bytes()),
                              static_cast<int64_t>(use.uploads_bytes)});
    }
    return out;
  };
  Reply<wire::OperatedStorage> reply;
  RD_CO_TRY(reply.body, co_await context.blocking(sum));
  co_return reply;
}

}  // namespace rondo::api::handlers
