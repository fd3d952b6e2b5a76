#include "evaluation/engine_under_test.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "evaluation/progress.h"

namespace rondo::evaluation {
namespace {

using log::v1::Record;
using recommender::Bundle;
using recommender::Engine;

constexpr int64_t kEpochStartS = 1'000'000'000;  // log time of second 0: never 0 itself
constexpr uint64_t kAuthor = 1;
constexpr uint32_t kDurationMs = 10'000;
constexpr uint32_t kWatchedMs = 10'500;
constexpr uint32_t kSkippedMs = 800;
constexpr uint32_t kCandidatesMax = 5000;  // the bundle format's own limit

uint64_t video_id(uint32_t item) { return uint64_t{item} + 1; }
uint32_t item_of(uint64_t video) { return static_cast<uint32_t>(video - 1); }
uint64_t viewer_id(uint32_t user) { return uint64_t{user} + 1; }

class StringSink final : public recommender::Sink {
 public:
  void write(std::string_view bytes) override { bytes_.append(bytes); }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

class StringSource final : public recommender::Source {
 public:
  explicit StringSource(std::string_view bytes) : rest_(bytes) {}
  Result<void> read(char* out, size_t size) override {
    if (rest_.size() < size) return corrupt("the checkpoint ends too soon");
    std::memcpy(out, rest_.data(), size);
    rest_.remove_prefix(size);
    return {};
  }

 private:
  std::string_view rest_;
};

}  // namespace

Bundle full_ranking(Bundle b) {
  auto& c = b.candidates;
  c.personal = c.co_watch = c.trending = c.fresh = c.exploration = kCandidatesMax;
  b.rules.author_gap = 0;
  b.rules.topic_run_max = 32;
  b.rules.topic_share_max = 1;
  b.rules.repeat_penalty = 0;
  b.rules.cold_repeat_penalty = 0;
  b.rules.temperature = 0.001f;
  b.exploration.uniform_share = 0;
  b.exploration.new_video_share = 0;
  b.exploration.new_topic_share = 0;
  // A log of watches to the end tells nothing of likes or skips: where no viewer was seen to skip,
  // the heads know no difference. What is left is what the viewers have in common.
  for (auto& head : b.heads) head.value_weight = 0;
  b.value = {};
  b.value.co_watch = 100;  // so that the softmax over scores is sharp
  // Viewers stay known for as long as the log lasts.
  b.limits.anonymous_idle_days = 3660;
  return b;
}

Result<EngineUnderTest> EngineUnderTest::create(const EngineSettings& settings, size_t items) {
  EngineUnderTest out;
  out.bundle_ = settings.bundle;
  out.bundle_sha256_ = std::string(base::as_bytes(settings.bundle.sha256()));
  out.items_ = items;
  RD_TRY(out.engine_, Engine::create(settings.bundle, PartitionId(0)));
  for (uint32_t item = 0; item < items; ++item) {
    Record record;
    auto& r = *record.mutable_video_published();
    r.set_video_id(video_id(item));
    r.set_author_id(kAuthor);
    r.set_duration_ms(kDurationMs);
    r.set_published_us(static_cast<uint64_t>(kEpochStartS) * 1'000'000);
    RD_CHECK(out.apply(record));
  }
  if (out.engine_->stats().videos != items) {
    return exhausted(fmt::format("the engine took {} of {} items; raise limits.videos_max",
                                 out.engine_->stats().videos, items));
  }
  return out;
}

Result<EngineUnderTest> EngineUnderTest::copy() const {
  StringSink sink;
  engine_->save(sink);
  StringSource source(sink.bytes());
  EngineUnderTest out;
  out.bundle_ = bundle_;
  out.bundle_sha256_ = bundle_sha256_;
  out.items_ = items_;
  out.now_s_ = now_s_;
  RD_TRY(out.engine_, Engine::load(source, bundle_, PartitionId(0)));
  return out;
}

Result<void> EngineUnderTest::apply(const Record& record) {
  return engine_->apply(engine_->next_offset(),
                        static_cast<uint64_t>(kEpochStartS + now_s_) * 1'000'000, record);
}

// One Tick a second would be, but most seconds of a data set's time hold nothing to close.
Result<void> EngineUnderTest::tick_until(int64_t time_s) {
  if (time_s <= now_s_) return {};
  now_s_ = time_s;
  Record record;
  record.mutable_tick()->set_epoch(static_cast<uint64_t>(kEpochStartS + now_s_));
  return apply(record);
}

Result<void> EngineUnderTest::learn(uint32_t user, uint32_t item, bool positive, int64_t time_s) {
  RD_CHECK(tick_until(time_s));
  const uint64_t page_offset = engine_->next_offset().value();
  Record served;
  auto& s = *served.mutable_served();
  auto& request = *s.mutable_request();
  request.set_viewer_id(viewer_id(user));
  request.set_surface(log::v1::SURFACE_FOR_YOU);
  request.set_limit(1);
  s.set_bundle_sha256(bundle_sha256_);
  s.set_engine_version(std::string(recommender::kEngineVersion));
  s.set_ranked_at_offset(page_offset);
  auto& slot = *s.add_slots();
  slot.set_video_id(video_id(item));
  slot.set_source(log::v1::SOURCE_PERSONAL);
  slot.set_propensity(1);
  RD_CHECK(apply(served));

  Record impression;
  auto& i = *impression.mutable_impression();
  i.set_viewer_id(viewer_id(user));
  i.set_video_id(video_id(item));
  i.set_from_page(true);
  i.set_page_offset(page_offset);
  RD_CHECK(apply(impression));

  Record engagement;
  auto& e = *engagement.mutable_engagement();
  e.set_viewer_id(viewer_id(user));
  e.set_video_id(video_id(item));
  e.set_from_page(true);
  e.set_page_offset(page_offset);
  auto& watch = *e.mutable_watch();
  watch.set_watch_ms(positive ? kWatchedMs : kSkippedMs);
  watch.set_loops(positive ? 1 : 0);
  watch.set_skipped(!positive);
  return apply(engagement);
}

// An impression that came from no page, as in Latest.
Result<void> EngineUnderTest::mark_seen(uint32_t user, uint32_t item) {
  Record record;
  auto& r = *record.mutable_impression();
  r.set_viewer_id(viewer_id(user));
  r.set_video_id(video_id(item));
  return apply(record);
}

Result<void> EngineUnderTest::settle(uint32_t seconds) {
  for (uint32_t s = 0; s < seconds; ++s) RD_CHECK(tick_until(now_s_ + 1));
  return {};
}

Result<log::v1::Served> EngineUnderTest::page(uint32_t user, size_t limit) const {
  log::v1::FeedRequest request;
  request.set_viewer_id(viewer_id(user));
  request.set_surface(log::v1::SURFACE_FOR_YOU);
  request.set_limit(static_cast<uint32_t>(limit));
  RD_TRY(auto served, engine_->rank(request));
  // Each slot is drawn from a softmax that is as sharp as the bundle allows: near ties may change
  // places, which the scores undo.
  std::stable_sort(served.mutable_slots()->begin(), served.mutable_slots()->end(),
                   [](const auto& a, const auto& b) {
                     return a.score() != b.score() ? a.score() > b.score()
                                                   : a.video_id() < b.video_id();
                   });
  return served;
}

Result<std::vector<uint32_t>> EngineUnderTest::rank(uint32_t user, size_t k) const {
  RD_ASSERT(k <= kRankMax);
  // A few more than asked for, so that a near tie at the end is decided by score as well.
  RD_TRY(auto served, page(user, std::min(k + 4, kRankMax)));
  std::vector<uint32_t> out;
  for (const auto& slot : served.slots()) {
    if (out.size() < k) out.push_back(item_of(slot.video_id()));
  }
  return out;
}

Result<void> EngineUnderTest::set_eligible(uint32_t item, bool eligible) {
  Record record;
  auto& r = *record.mutable_video_changed();
  r.set_video_id(video_id(item));
  r.set_eligible(eligible);
  return apply(record);
}

Result<std::vector<EngineUnderTest::Prediction>> EngineUnderTest::predict(
    uint32_t user, std::span<const uint32_t> items) {
  RD_ASSERT(items.size() <= kRankMax);
  auto asked = [&](uint32_t item) {
    return std::find(items.begin(), items.end(), item) != items.end();
  };
  for (uint32_t item = 0; item < items_; ++item) {
    if (!asked(item)) RD_CHECK(set_eligible(item, false));
  }
  RD_TRY(auto served, page(user, kRankMax));
  for (uint32_t item = 0; item < items_; ++item) {
    if (!asked(item)) RD_CHECK(set_eligible(item, true));
  }
  std::vector<Prediction> out;
  for (uint32_t item : items) {
    auto slot = std::find_if(served.slots().begin(), served.slots().end(),
                             [&](const auto& s) { return s.video_id() == video_id(item); });
    if (slot == served.slots().end()) {
      return internal(
          fmt::format("item {} did not come for user {}, who has not seen it", item, user));
    }
    Prediction& one = out.emplace_back();
    one.item = item;
    one.score = slot->score();
    one.heads = {};
    for (size_t h = 0; h < recommender::kHeads; ++h) {
      auto name = recommender::head_name(static_cast<recommender::Head>(h));
      for (const auto& term : slot->terms()) {
        if (term.name() == name) one.heads[h] = term.value();
      }
    }
  }
  return out;
}

Result<EngineUnderTest> train(const EngineSettings& settings, std::span<const Interaction> rows,
                              size_t items) {
  if (settings.epochs != 1) {
    return invalid(
        fmt::format("{} epochs: this engine starts without weights, so that only one "
                    "pass over the log is possible",
                    settings.epochs));
  }
  RD_TRY(auto engine, EngineUnderTest::create(settings, items));
  Progress progress("engine learns", rows.size());
  int64_t second = 0;
  for (const Interaction& row : rows) {
    RD_CHECK(engine.learn(row.user, row.item, true, ++second));
    progress.step();
  }
  RD_CHECK(engine.settle(settings.settle_seconds));
  return engine;
}

}  // namespace rondo::evaluation
