#include "feed/checkpoint_keeper.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/failpoint.h"
#include "feed/verify.h"
#include "recommender/string_io.h"
#include "telemetry/log.h"

namespace rondo::feed {
namespace {

constexpr int kNicer = 10;
constexpr uint64_t kStep = 4096;  // records between two looks at whether to stop

}  // namespace

CheckpointKeeper::CheckpointKeeper(PartitionId partition, Offset newest, KeeperDeps deps,
                                   KeeperOptions options)
    : partition_(partition),
      deps_(std::move(deps)),
      options_(options),
      checkpoints_(deps_.blobs, partition),
      written_total_(deps_.metrics.counter("engine_checkpoints_total", "Checkpoints written.",
                                           {{"partition", std::to_string(partition.value())}})),
      newest_(newest),
      thread_([this] { loop(); }) {}

CheckpointKeeper::~CheckpointKeeper() { stop(); }

void CheckpointKeeper::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wakes_.notify_one();
  if (thread_.joinable()) thread_.join();
}

bool CheckpointKeeper::begin(Offset end) {
  {
    std::lock_guard lock(mutex_);
    if (wanted_) return false;
    wanted_ = end;
  }
  wakes_.notify_one();
  return true;
}

void CheckpointKeeper::finish(Offset end, const std::function<std::string()>& save) {
  stop();
  if (end != newest_) report(keep(end, deps_.clock.now_us(), save()));
}

void CheckpointKeeper::loop() {
  // Of this thread alone, on Linux. -1 may be the new niceness as well as an error.
  [[maybe_unused]] const int niceness = ::nice(kNicer);
  std::unique_lock lock(mutex_);
  while (true) {
    wakes_.wait(lock, [this] { return stopping_ || wanted_; });
    if (stopping_) return;
    const Offset end = *wanted_;
    lock.unlock();
    const uint64_t time_us = deps_.clock.now_us();
    auto bytes = fold_to(end);
    if (!bytes.ok()) {
      report(std::move(bytes).error());
    } else if (*bytes) {
      report(keep(end, time_us, **bytes));
    }
    lock.lock();
    wanted_.reset();
  }
}

Result<std::optional<std::string>> CheckpointKeeper::fold_to(Offset end) const {
  std::vector<std::string> warnings;
  RD_TRY(auto engine, checkpoints_.restore(deps_.bundles, end, warnings));
  for (const auto& warning : warnings) {
    log::warning("a checkpoint was passed over", {{"reason", warning}});
  }
  const stream::Stream* params = deps_.params == nullptr ? nullptr : &deps_.params->log();
  while (engine->next_offset() < end) {
    {
      std::lock_guard lock(mutex_);
      if (stopping_) return std::optional<std::string>();
    }
    const Offset next(std::min(engine->next_offset().value() + kStep, end.value()));
    RD_CHECK(fold_until(deps_.log, params, partition_, *engine, next));
  }
  recommender::StringSink sink;
  engine->save(sink);
  return std::optional(std::move(sink.text));
}

// Writes the checkpoint, drops those that need not be kept, and cuts what no state needs any more.
Result<void> CheckpointKeeper::keep(Offset end, uint64_t time_us, std::string_view bytes) {
  base::failpoint("checkpoint.before_put");
  RD_CHECK(checkpoints_.put(end, time_us, bytes));
  base::failpoint("checkpoint.after_put");
  newest_ = end;
  written_total_.Increment();
  log::debug("checkpoint",
             {{"partition", partition_.value()}, {"offset", end.value()}, {"bytes", bytes.size()}});
  const auto horizon_us =
      static_cast<uint64_t>(std::chrono::microseconds(options_.horizon).count());
  RD_TRY(auto kept,
         checkpoints_.rotate(options_.checkpoints_kept, horizon_us, deps_.clock.now_us()));
  RD_CHECK(
      deps_.log.pin(partition_, std::min(kept.front().next_offset, deps_.others_need(partition_))));
  RD_CHECK(deps_.log.enforce(partition_,
                             {.age_max = options_.horizon, .bytes_max = options_.retention_bytes}));
  if (deps_.params != nullptr) {
    RD_TRY(auto taken, checkpoints_.taken(kept.front()));
    RD_CHECK(deps_.params->release(partition_, taken));
  }
  return {};
}

void CheckpointKeeper::report(const Result<void>& kept) const {
  if (kept.ok()) return;
  log::error("a checkpoint was not written; the log keeps what it would have covered",
             {{"partition", partition_.value()}, {"reason", kept.error().describe()}});
}

}  // namespace rondo::feed
