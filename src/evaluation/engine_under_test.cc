#include "evaluation/engine_under_test.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "evaluation/progress.h"
#include "recommender/string_io.h"

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
constexpr uint32_t kHistory = 1024;  // likes of a user that count

uint64_t video_id(uint32_t item) { return uint64_t{item} + 1; }
uint64_t viewer_id(uint32_t user) { return uint64_t{user} + 1; }

}  // namespace

Bundle of_likes(const LikesModel& model) {
  Bundle b = Bundle::defaults();
  for (auto& head : b.heads) head.value_weight = 0;
  b.value = {};
  b.value.co_watch = 1;
  b.value.taste = model.taste;
  b.co_watch = {.window = kHistory,
                .viewer_share = model.viewer_share,
                .neighbours_max = 2048,
                .neighbours_solved = model.neighbours,
                .regularization = model.regularization,
                .dropout = model.dropout,
                .solve_per_tick = 4};
  b.towers.dimensions = model.dimensions;
  b.towers.history_decay = model.history_decay;
  b.towers.rate = model.rate;
  b.towers.decay = model.decay;
  b.towers.negatives = model.negatives;
  // Each user's history counts in full, and they stay known for as long as the log lasts.
  b.limits.viewer_history_max = kHistory;
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
  const std::string bytes = recommender::saved(*engine_);
  recommender::StringSource source(bytes);
  EngineUnderTest out;
  out.bundle_ = bundle_;
  out.bundle_sha256_ = bundle_sha256_;
  out.items_ = items_;
  out.now_s_ = now_s_;
  RD_TRY(out.engine_, Engine::load(source, std::make_shared<const recommender::Bundles>(bundle_),
                                   PartitionId(0)));
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

Result<std::vector<recommender::VideoScore>> EngineUnderTest::scores(
    uint32_t user, std::span<const uint64_t> videos) const {
  log::v1::FeedRequest request;
  request.set_viewer_id(viewer_id(user));
  request.set_surface(log::v1::SURFACE_FOR_YOU);
  request.set_limit(1);
  return engine_->score(request, videos);
}

Result<std::vector<uint32_t>> EngineUnderTest::rank(uint32_t user, size_t k) const {
  std::vector<uint64_t> videos(items_);
  for (uint32_t item = 0; item < items_; ++item) videos[item] = video_id(item);
  RD_TRY(auto scored, scores(user, videos));
  std::vector<uint32_t> out;
  for (uint32_t item = 0; item < items_; ++item) {
    if (scored[item].servable) out.push_back(item);
  }
  size_t kept = std::min(k, out.size());
  std::partial_sort(out.begin(), out.begin() + static_cast<ptrdiff_t>(kept), out.end(),
                    [&](uint32_t a, uint32_t b) {
                      float left = scored[a].score;
                      float right = scored[b].score;
                      return left != right ? left > right : a < b;
                    });
  out.resize(kept);
  return out;
}

Result<std::vector<EngineUnderTest::Prediction>> EngineUnderTest::predict(
    uint32_t user, std::span<const uint32_t> items) const {
  std::vector<uint64_t> videos;
  for (uint32_t item : items) videos.push_back(video_id(item));
  RD_TRY(auto scored, scores(user, videos));
  std::vector<Prediction> out;
  for (size_t i = 0; i < items.size(); ++i) {
    out.push_back({items[i], scored[i].score, scored[i].heads});
  }
  return out;
}

Result<EngineUnderTest> train(const EngineSettings& settings, std::span<const Interaction> rows,
                              size_t items) {
  EngineSettings now = settings;
  for (uint32_t epoch = 1;; ++epoch) {
    RD_TRY(auto engine, EngineUnderTest::create(now, items));
    Progress progress("engine learns", rows.size());
    for (size_t i = 0; i < rows.size(); ++i) {
      auto second = static_cast<int64_t>(i / std::max(settings.events_per_second, 1u)) + 1;
      RD_CHECK(engine.learn(rows[i].user, rows[i].item, true, second));
      progress.step();
    }
    RD_CHECK(engine.settle(settings.settle_seconds));
    if (epoch >= settings.epochs) return engine;
    RD_CHECK(now.bundle.load_weights(engine.weights()));
  }
}

}  // namespace rondo::evaluation
