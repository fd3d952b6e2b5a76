#include "feed/partition_host.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "recommender/string_io.h"
#include "records/routing.h"
#include "telemetry/log.h"

namespace rondo::feed {
namespace {

constexpr size_t kBatchesMax = 8;
constexpr size_t kWaitingMax = 1024;
constexpr uint64_t kStaleUs = 2'000'000;
constexpr std::chrono::milliseconds kIdleWait{200};
constexpr std::chrono::seconds kAppendMax{10};

telemetry::Labels label_of(PartitionId partition) {
  return {{"partition", std::to_string(partition.value())}};
}

}  // namespace

PartitionHost::PartitionHost(PartitionId partition, std::unique_ptr<recommender::Engine> engine,
                             std::optional<base::Sha256Digest> wanted, Offset end, HostDeps deps,
                             HostOptions options)
    : partition_(partition),
      end_at_start_(end),
      deps_(std::move(deps)),
      options_(options),
      keeper_(partition, engine->next_offset(),
              {deps_.log, deps_.params, deps_.blobs, deps_.bundles, deps_.clock, deps_.metrics,
               deps_.others_need},
              options.keeper),
      engine_(std::move(engine)),
      wanted_(wanted),
      checkpointed_at_(std::chrono::steady_clock::now()),
      rank_seconds_(deps_.metrics.seconds("feed_rank_seconds", "Time to rank one page.",
                                          label_of(partition))),
      wait_seconds_(deps_.metrics.seconds("feed_page_seconds",
                                          "From a page's request to its durable record.",
                                          label_of(partition))),
      folded_total_(deps_.metrics.counter("engine_records_folded_total", "Records folded.",
                                          label_of(partition))),
      pages_total_(deps_.metrics.counter("feed_pages_total", "Pages served by the engine.",
                                         label_of(partition))) {}

Result<std::unique_ptr<PartitionHost>> PartitionHost::start(
    PartitionId partition, std::optional<base::Sha256Digest> wanted, HostDeps deps,
    HostOptions options) {
  RD_TRY(auto state, deps.log.state(partition));
  Checkpoints checkpoints(deps.blobs, partition);
  RD_TRY(auto kept, checkpoints.list());
  if (!kept.empty() && kept.back().next_offset > state.end) {
    return corrupt("the newest checkpoint of partition " + std::to_string(partition.value()) +
                   " stands at offset " + std::to_string(kept.back().next_offset.value()) +
                   ", but the log ends at " + std::to_string(state.end.value()) +
                   ": records that were acknowledged are gone. Restore log and checkpoints from "
                   "one backup");
  }
  std::vector<std::string> warnings;
  RD_TRY(auto engine, checkpoints.restore(deps.bundles, state.end, warnings));
  for (const auto& warning : warnings) {
    log::warning("a checkpoint was passed over", {{"reason", warning}});
  }
  if (engine->next_offset() < state.first) {
    return corrupt("the log of partition " + std::to_string(partition.value()) + " begins at " +
                   std::to_string(state.first.value()) + ", and no readable checkpoint reaches it");
  }
  auto host = std::unique_ptr<PartitionHost>(
      new PartitionHost(partition, std::move(engine), wanted, state.end, deps, options));
  if (deps.params != nullptr) {
    RD_TRY(host->stored_epoch_, deps.params->stored_epoch(partition));
  }
  if (state.end.value() == 0) {
    host->wanted_.reset();
    RD_CHECK(host->begin_log(wanted.value_or(recommender::Bundle::defaults().sha256())));
  }
  host->publish_status();
  host->tail_ = std::thread([h = host.get()] { h->tail_loop(); });
  host->engine_thread_ = std::thread([h = host.get()] { h->engine_loop(); });
  return host;
}

PartitionHost::~PartitionHost() {
  {
    std::unique_lock lock(mutex_);
    stopping_ = true;
  }
  engine_wakes_.notify_all();
  tail_wakes_.notify_all();
  if (tail_.joinable()) tail_.join();
  if (engine_thread_.joinable()) engine_thread_.join();
  // Handlers of appends that are still under way point at this object.
  std::unique_lock lock(mutex_);
  appends_done_.wait(lock, [this] { return appends_under_way_ == 0; });
}

// The first records of a partition: which engine and bundle its log is folded with.
Result<void> PartitionHost::begin_log(const base::Sha256Digest& sha256) {
  log::v1::Record engine, bundle;
  engine.mutable_engine_activated()->set_engine_version(std::string(recommender::kEngineVersion));
  if (deps_.params != nullptr) {
    engine.mutable_engine_activated()->set_partitions(deps_.log.partition_count());
  }
  bundle.mutable_bundle_activated()->set_bundle_sha256(std::string(base::as_bytes(sha256)));
  uint64_t now_us = deps_.clock.now_us();
  std::vector<stream::Message> batch;
  batch.push_back({records::activation_message_id(recommender::kEngineVersion, Offset(0)),
                   records::seal(engine, now_us)});
  batch.push_back({records::activation_message_id(base::as_bytes(sha256), Offset(0)),
                   records::seal(bundle, now_us)});
  auto stored = stream::append_and_wait(deps_.log, partition_, std::move(batch),
                                        std::chrono::steady_clock::now() + kAppendMax);
  if (!stored.ok()) return std::move(stored).error();
  return {};
}

// Once all is folded that was in the log: what that says of bundles comes before what is wanted.
void PartitionHost::go_over() {
  if (!wanted_ || !failure_.empty() || engine_->next_offset() < end_at_start_) return;
  base::Sha256Digest wanted = *std::exchange(wanted_, std::nullopt);
  if (wanted == engine_->bundle_sha256()) return;
  auto hex = [](const base::Sha256Digest& sha256) { return base::to_hex(base::as_bytes(sha256)); };
  log::info("the partition goes over to another bundle", {{"partition", partition_.value()},
                                                          {"from", hex(engine_->bundle_sha256())},
                                                          {"to", hex(wanted)}});
  log::v1::Record record;
  record.mutable_bundle_activated()->set_bundle_sha256(std::string(base::as_bytes(wanted)));
  {
    std::lock_guard lock(mutex_);
    ++appends_under_way_;
  }
  // Under the offset that it was decided at, so that a restart does not say it twice.
  std::vector<stream::Message> batch;
  batch.push_back({records::activation_message_id(base::as_bytes(wanted), engine_->next_offset()),
                   records::seal(record, deps_.clock.now_us())});
  deps_.log.append(partition_, std::move(batch), [this](auto stored) {
    if (!stored.ok()) {
      log::error("the other bundle was not activated; the one before goes on", stored.error());
    }
    std::lock_guard lock(mutex_);
    --appends_under_way_;
    appends_done_.notify_all();
  });
}

void PartitionHost::rank(log::v1::FeedRequest request, std::optional<Offset> after,
                         base::Deadline deadline, PageHandler done) {
  auto refuse = [this]() -> std::optional<Error> {
    if (stopping_) return unavailable("the server is stopping");
    if (waiting_count_ < kWaitingMax) return std::nullopt;
    return exhausted("too many pages are waiting for the engine");
  };
  std::unique_lock lock(mutex_);
  if (auto refusal = refuse()) {
    lock.unlock();
    done(std::move(*refusal));
    return;
  }
  ++waiting_count_;
  arrived_.push_back({std::move(request), after, deadline, std::move(done)});
  engine_wakes_.notify_one();
}

void PartitionHost::preferences(EngineId viewer, base::Deadline deadline, PreferencesHandler done) {
  auto state = deps_.log.state(partition_);
  if (!state.ok()) return done(std::move(state).error());
  std::unique_lock lock(mutex_);
  if (stopping_ || waiting_count_ >= kWaitingMax) {
    Error refusal = stopping_ ? unavailable("the server is stopping")
                              : exhausted("too many questions are waiting for the engine");
    lock.unlock();
    return done(std::move(refusal));
  }
  ++waiting_count_;
  asked_.push_back({viewer.value(), state->end, deadline, std::move(done)});
  engine_wakes_.notify_one();
}

HostStatus PartitionHost::status() const {
  HostStatus status;
  {
    std::lock_guard lock(mutex_);
    status = status_;
  }
  if (auto state = deps_.log.state(partition_); state.ok()) status.log_end = state->end;
  return status;
}

// Reads and decodes what is durable; a few batches ahead of the fold.
void PartitionHost::tail_loop() {
  Offset next = engine_->next_offset();  // the engine thread starts from the same
  while (true) {
    {
      std::unique_lock lock(mutex_);
      tail_wakes_.wait(lock, [this] { return stopping_ || batches_.size() < kBatchesMax; });
      if (stopping_) return;
    }
    auto end =
        deps_.log.wait_beyond(partition_, next, std::chrono::steady_clock::now() + kIdleWait);
    if (end.ok() && *end <= next) continue;
    std::string failure;
    std::vector<Decoded> batch;
    auto messages = end.ok() ? deps_.log.read(partition_, next, {})
                             : Result<std::vector<stream::StoredMessage>>(std::move(end).error());
    if (messages.ok()) {
      batch.reserve(messages->size());
      for (const auto& message : *messages) {
        auto opened = records::open(message.payload);
        if (!opened.ok()) {
          failure = "record at offset " + std::to_string(message.offset.value()) + ": " +
                    opened.error().describe();
          break;
        }
        auto deltas =
            deltas_of(opened->record, deps_.params == nullptr ? nullptr : &deps_.params->log());
        if (!deltas.ok()) {
          failure = "record at offset " + std::to_string(message.offset.value()) + ": " +
                    deltas.error().describe();
          break;
        }
        batch.push_back({message.offset, opened->time_us, std::move(opened->record),
                         std::move(deltas).value()});
        next = Offset(message.offset.value() + 1);
      }
    } else {
      failure = messages.error().describe();
    }
    std::lock_guard lock(mutex_);
    if (!batch.empty()) batches_.push_back(std::move(batch));
    tail_failure_ = failure;
    engine_wakes_.notify_one();
    if (!failure.empty()) return;
  }
}

void PartitionHost::engine_loop() {
  std::vector<Waiting> waiting;
  std::vector<Question> questions;
  while (true) {
    std::deque<std::vector<Decoded>> batches;
    std::string tail_failure;
    bool stopping = false;
    {
      std::unique_lock lock(mutex_);
      auto wake_at = std::chrono::steady_clock::now() + kIdleWait;
      for (const auto& w : waiting) wake_at = std::min(wake_at, w.deadline);
      for (const auto& q : questions) wake_at = std::min(wake_at, q.deadline);
      engine_wakes_.wait_until(lock, wake_at, [&] {
        return stopping_ || !batches_.empty() || !arrived_.empty() || !asked_.empty() ||
               !failed_viewers_.empty() || !tail_failure_.empty();
      });
      batches.swap(batches_);
      for (auto& request : arrived_) waiting.push_back(std::move(request));
      arrived_.clear();
      for (auto& question : asked_) questions.push_back(std::move(question));
      asked_.clear();
      for (uint64_t viewer : failed_viewers_) under_way_.erase(viewer);
      failed_viewers_.clear();
      tail_failure.swap(tail_failure_);
      stopping = stopping_;
    }
    tail_wakes_.notify_one();
    for (const auto& batch : batches) {
      fold(batch);
      // A long backlog must not keep pages waiting that need none of it.
      if (!batches.empty()) publish_status();
    }
    if (!tail_failure.empty()) fail(std::move(tail_failure));
    go_over();
    publish_status();
    uint64_t now_us = deps_.clock.now_us();
    exchange(now_us);
    if (failure_.empty() && status_.engine.examples_waiting > 0) tick(now_us);
    serve(waiting);
    answer(questions);
    if (stopping) break;
    checkpoint_if_due();
  }
  last_checkpoint();
  for (auto& request : waiting) request.done(unavailable("the server is stopping"));
  std::vector<Waiting> late;
  {
    std::lock_guard lock(mutex_);
    late.swap(arrived_);
    for (auto& question : asked_) questions.push_back(std::move(question));
    asked_.clear();
    waiting_count_ = 0;
  }
  for (auto& request : late) request.done(unavailable("the server is stopping"));
  for (auto& question : questions) question.done(unavailable("the server is stopping"));
}

void PartitionHost::fold(const std::vector<Decoded>& batch) {
  for (const auto& item : batch) {
    if (!failure_.empty()) return;
    auto applied = engine_->apply(item.offset, item.time_us, item.record, item.deltas);
    if (!applied.ok()) {
      fail("record at offset " + std::to_string(item.offset.value()) + ": " +
           applied.error().describe());
      return;
    }
    if (item.record.has_served()) under_way_.erase(item.record.served().request().viewer_id());
    if (item.record.has_tick() && item.record.tick().epoch() >= exchange_epoch_) {
      exchange_epoch_ = 0;
    }
    ++folded_since_checkpoint_;
  }
  folded_total_.Increment(static_cast<double>(batch.size()));
}

void PartitionHost::fail(std::string reason) {
  if (!failure_.empty()) return;
  failure_ = std::move(reason);
  log::error("the engine stopped; feeds fall back to Latest",
             {{"partition", partition_.value()}, {"reason", failure_}});
}

void PartitionHost::publish_status() {
  std::lock_guard lock(mutex_);
  status_.applied_end = engine_->next_offset();
  status_.failure = failure_;
  status_.bundle_sha256 = engine_->bundle_sha256();
  status_.engine = engine_->stats();
}

bool PartitionHost::is_stale(uint64_t now_us) const {
  return now_us > engine_->state_time_us() + kStaleUs;
}

// Once an epoch; every replica of the partition would append the same one.
void PartitionHost::tick(uint64_t now_us) {
  uint64_t epoch = now_us / 1'000'000;
  if (epoch <= ticked_epoch_) return;
  log::v1::Tick tick;
  tick.set_epoch(epoch);
  append_tick(tick, now_us);
}

void PartitionHost::append_tick(const log::v1::Tick& tick, uint64_t now_us) {
  const uint64_t epoch = tick.epoch();
  ticked_epoch_ = epoch;
  log::v1::Record record;
  *record.mutable_tick() = tick;
  {
    std::lock_guard lock(mutex_);
    ++appends_under_way_;
  }
  std::vector<stream::Message> batch;
  batch.push_back({records::tick_message_id(partition_, epoch), records::seal(record, now_us)});
  deps_.log.append(partition_, std::move(batch), [this](auto stored) {
    if (!stored.ok())
      log::warning("a tick was not stored", {{"reason", stored.error().describe()}});
    std::lock_guard lock(mutex_);
    // What is there already (a clock set back, a quick restart) is not the one that was meant.
    tick_failed_ = tick_failed_ || !stored.ok() || stored->front().duplicate;
    --appends_under_way_;
    appends_done_.notify_all();
  });
}

// One exchanging Tick at a time: the next one names what this one has left.
void PartitionHost::exchange(uint64_t now_us) {
  if (deps_.params == nullptr || !failure_.empty() || engine_->taken().empty()) return;
  store_cut(now_us);
  // The tail that a crash has left may hold a cut: it is stored before another takes its place.
  if (engine_->next_offset() < end_at_start_) return;
  const uint64_t epoch = now_us / 1'000'000;
  uint64_t stored_epoch = 0;
  {
    std::lock_guard lock(mutex_);
    if (std::exchange(tick_failed_, false)) exchange_epoch_ = 0;
    stored_epoch = stored_epoch_;
  }
  if (exchange_epoch_ != 0 || epoch <= looked_epoch_ || epoch <= ticked_epoch_) return;
  looked_epoch_ = epoch;
  const auto cut = engine_->cut();
  // What was cut before is durable before another cut takes its place.
  const bool told = cut.body.empty() || cut.epoch <= stored_epoch;
  const auto every = static_cast<uint64_t>(options_.exchange_every.count());
  log::v1::Tick tick;
  tick.set_epoch(epoch);
  tick.set_cut(told && status_.engine.untold && epoch >= std::max(cut_epoch_, cut.epoch) + every);
  auto refs = deps_.params->to_take(partition_, engine_->taken());
  if (!refs.ok()) return fail("what other partitions have told: " + refs.error().describe());
  for (auto& ref : *refs) *tick.add_deltas() = std::move(ref);
  if (!tick.cut() && tick.deltas_size() == 0) return;
  if (tick.cut()) cut_epoch_ = epoch;
  exchange_epoch_ = epoch;
  append_tick(tick, now_us);
}

void PartitionHost::store_cut(uint64_t now_us) {
  const auto cut = engine_->cut();
  {
    std::lock_guard lock(mutex_);
    if (cut.body.empty() || cut.epoch <= stored_epoch_ || storing_) return;
    storing_ = true;
    ++appends_under_way_;
  }
  deps_.params->store(
      partition_, cut.epoch, cut.body, now_us, [this, epoch = cut.epoch](Result<void> stored) {
        if (!stored.ok()) {
          log::warning("a delta was not stored; it is tried again",
                       {{"partition", partition_.value()}, {"reason", stored.error().describe()}});
        }
        std::lock_guard lock(mutex_);
        if (stored.ok()) stored_epoch_ = epoch;
        storing_ = false;
        --appends_under_way_;
        appends_done_.notify_all();
      });
}

void PartitionHost::serve(std::vector<Waiting>& waiting) {
  if (waiting.empty()) return;
  auto now = std::chrono::steady_clock::now();
  uint64_t now_us = deps_.clock.now_us();
  bool stale = is_stale(now_us);
  if (stale && failure_.empty()) tick(now_us);
  std::vector<Waiting> still;
  size_t answered = 0;
  for (auto& request : waiting) {
    if (!failure_.empty()) {
      ++answered;
      request.done(unavailable("the engine has stopped: " + failure_));
    } else if (now >= request.deadline) {
      ++answered;
      request.done(unavailable("the engine is behind the log"));
    } else if (stale || under_way_.contains(request.request.viewer_id()) ||
               (request.after && engine_->next_offset() <= *request.after)) {
      still.push_back(std::move(request));
    } else {
      ++answered;
      serve_one(std::move(request));
    }
  }
  waiting = std::move(still);
  std::lock_guard lock(mutex_);
  waiting_count_ -= std::min(waiting_count_, answered);
}

void PartitionHost::answer(std::vector<Question>& questions) {
  if (questions.empty()) return;
  auto now = std::chrono::steady_clock::now();
  std::vector<Question> still;
  for (auto& question : questions) {
    if (engine_->next_offset() >= question.end) {
      question.done(engine_->preferences(question.viewer));
    } else if (!failure_.empty()) {
      question.done(unavailable("the engine has stopped: " + failure_));
    } else if (now >= question.deadline) {
      question.done(unavailable("the engine is behind the log"));
    } else {
      still.push_back(std::move(question));
    }
  }
  const size_t answered = questions.size() - still.size();
  questions = std::move(still);
  std::lock_guard lock(mutex_);
  waiting_count_ -= std::min(waiting_count_, answered);
}

void PartitionHost::serve_one(Waiting request) {
  auto began = std::chrono::steady_clock::now();
  auto page = engine_->rank(request.request);
  rank_seconds_.Observe(
      std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
  if (!page.ok()) {
    request.done(std::move(page).error());
    return;
  }
  uint64_t viewer = request.request.viewer_id();
  log::v1::Record record;
  *record.mutable_served() = std::move(page).value();
  record.mutable_served()->set_nonce(deps_.random.next_id());
  under_way_[viewer] = true;
  {
    std::lock_guard lock(mutex_);
    ++appends_under_way_;
  }
  std::vector<stream::Message> batch;
  batch.push_back({records::served_message_id(record.served().nonce()),
                   records::seal(record, deps_.clock.now_us())});
  auto shared = std::make_shared<log::v1::Record>(std::move(record));
  deps_.log.append(
      partition_, std::move(batch),
      [this, viewer, shared, began, done = std::move(request.done)](auto stored) {
        bool ok = stored.ok();
        if (ok) {
          RankedPage ranked;
          ranked.served = std::move(*shared->mutable_served());
          ranked.id = {partition_, stored->front().offset, ranked.served.nonce()};
          pages_total_.Increment();
          wait_seconds_.Observe(
              std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
          done(std::move(ranked));
        } else {
          done(std::move(stored).error());
        }
        std::lock_guard lock(mutex_);
        if (!ok) {
          failed_viewers_.push_back(viewer);
          engine_wakes_.notify_one();
        }
        --appends_under_way_;
        appends_done_.notify_all();
      });
}

void PartitionHost::checkpoint_if_due() {
  if (!failure_.empty() || folded_since_checkpoint_ == 0) return;
  const auto now = std::chrono::steady_clock::now();
  if (folded_since_checkpoint_ < options_.checkpoint_records &&
      now - checkpointed_at_ < options_.checkpoint_every) {
    return;
  }
  if (!keeper_.begin(engine_->next_offset())) return;  // later
  folded_since_checkpoint_ = 0;
  checkpointed_at_ = now;
}

void PartitionHost::last_checkpoint() {
  if (!failure_.empty()) return;
  keeper_.finish(engine_->next_offset(), [this] {
    recommender::StringSink sink;
    engine_->save(sink);
    return std::move(sink.text);
  });
}

}  // namespace rondo::feed
