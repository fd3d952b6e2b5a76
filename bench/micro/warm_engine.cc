#include "micro/warm_engine.h"

#include <fmt/format.h>

namespace rondo::bench {
namespace {

using log::v1::Record;

constexpr uint64_t kFirstVideo = 1'000'001;
constexpr uint64_t kFirstAuthor = 500'001;
constexpr uint64_t kFirstViewer = 10'000'001;
// 5,000 records a second of log time: a busy network, so that much of what is pending stays so.
constexpr uint64_t kRecordUs = 200;
constexpr uint32_t kDurationMs = 10'000;
constexpr uint32_t kStep = 7919;
constexpr uint64_t kMinuteUs = 60'000'000;
constexpr uint64_t kHourUs = 60 * kMinuteUs;

template <typename Message>
void set_where(Message& m, uint64_t viewer, uint64_t video, uint64_t page, uint32_t slot,
               uint64_t event) {
  m.set_viewer_id(viewer);
  m.set_video_id(video);
  m.set_from_page(true);
  m.set_page_offset(page);
  m.set_slot(slot);
  m.set_event_id(fmt::format("{:016}", event));
}

void set_request(log::v1::FeedRequest& request, uint64_t viewer, uint32_t limit) {
  request.set_viewer_id(viewer);
  request.set_surface(log::v1::SURFACE_FOR_YOU);
  request.set_language("en");
  request.set_region("IE");
  request.set_limit(limit);
  request.set_anonymous(true);
}

}  // namespace

Result<WarmEngine> WarmEngine::create(const NetworkOptions& options) {
  RD_TRY(auto engine, recommender::Engine::create(recommender::Bundle::defaults(), PartitionId(0)));
  WarmEngine warm(options, std::move(engine));
  RD_CHECK(warm.publish());
  return warm;
}

Result<void> WarmEngine::publish() {
  std::vector<Made> records;
  for (uint32_t i = 0; i < options_.videos; ++i) {
    Record record;
    auto& video = *record.mutable_video_published();
    video.set_video_id(kFirstVideo + i);
    video.set_author_id(kFirstAuthor + rng_.below(options_.authors));
    video.set_duration_ms(kDurationMs);
    video.add_topics(fmt::format("topic{}", i % options_.topics));
    video.set_language("en");
    video.set_sound_id(1 + i % options_.sounds);
    video.set_published_us(now_us_);
    append(records, std::move(record));
  }
  return fold(records);
}

void WarmEngine::append(std::vector<Made>& out, Record record) {
  now_us_ += kRecordUs;
  if (uint64_t second = now_us_ / 1'000'000; second != ticked_s_) {
    ticked_s_ = second;
    Record tick;
    tick.mutable_tick()->set_epoch(second);
    out.push_back({now_us_, std::move(tick)});
    ++offset_;
  }
  out.push_back({now_us_, std::move(record)});
  ++offset_;
}

std::vector<WarmEngine::Made> WarmEngine::make_viewers(uint32_t viewers) {
  std::vector<Made> out;
  out.reserve(static_cast<size_t>(viewers) * (1 + 2 * options_.slots) * 101 / 100);
  for (uint32_t v = 0; v < viewers; ++v) {
    people_.push_back({.fond = static_cast<uint32_t>(rng_.below(options_.topics)),
                       .first = static_cast<uint32_t>(rng_.below(options_.videos))});
    make_page(out, viewers_++);
  }
  return out;
}

std::vector<WarmEngine::Made> WarmEngine::make_pages(uint32_t viewers) {
  std::vector<Made> out;
  out.reserve(static_cast<size_t>(viewers) * (1 + 2 * options_.slots) * 101 / 100);
  for (uint32_t v = viewers_ - viewers; v < viewers_; ++v) make_page(out, v);
  return out;
}

void WarmEngine::make_page(std::vector<Made>& out, uint32_t number) {
  const uint64_t viewer = kFirstViewer + number;
  Person& person = people_[number];
  const uint64_t fond = person.fond;
  Record page;
  auto& served = *page.mutable_served();
  set_request(*served.mutable_request(), viewer, options_.slots);
  // A third of each page is of the topic that the viewer is fond of. Steps of a prime through the
  // videos of that topic, and through all others: no video comes twice before they are through.
  const uint64_t topics = options_.topics;
  const uint64_t of_topic = options_.videos / topics;
  std::vector<uint64_t> videos;
  while (videos.size() < options_.slots) {
    const bool liked = videos.size() % 3 == 0;
    const uint64_t step = (liked ? person.liked++ : person.others++) * uint64_t{kStep};
    uint64_t topic = fond;
    uint64_t turn = (person.first + step) % of_topic;
    if (!liked) {
      const uint64_t other = (person.first + step) % (of_topic * (topics - 1));
      topic = other % (topics - 1);
      topic += topic >= fond ? 1 : 0;
      turn = other / (topics - 1);
    }
    videos.push_back(turn * topics + topic);
    served.add_slots()->set_video_id(kFirstVideo + videos.back());
  }
  append(out, std::move(page));
  uint64_t page_offset = offset_ - 1;
  for (uint32_t slot = 0; slot < options_.slots; ++slot) {
    uint64_t video = kFirstVideo + videos[slot];
    Record shown;
    set_where(*shown.mutable_impression(), viewer, video, page_offset, slot, ++events_);
    append(out, std::move(shown));
    Record watched;
    auto& engagement = *watched.mutable_engagement();
    set_where(engagement, viewer, video, page_offset, slot, ++events_);
    bool whole = rng_.below(10) < (videos[slot] % options_.topics == fond ? 8u : 3u);
    engagement.mutable_watch()->set_watch_ms(whole ? kDurationMs : 700);
    engagement.mutable_watch()->set_loops(whole ? 1 : 0);
    engagement.mutable_watch()->set_skipped(!whole);
    append(out, std::move(watched));
  }
}

Result<void> WarmEngine::tick_after(uint64_t us) {
  now_us_ += us;
  ticked_s_ = now_us_ / 1'000'000;
  Record tick;
  tick.mutable_tick()->set_epoch(ticked_s_);
  ++offset_;
  return engine_->apply(engine_->next_offset(), now_us_, tick);
}

Result<void> WarmEngine::settle() {
  for (auto stats = engine_->stats(); stats.pending_slots > 0 || stats.examples_waiting > 0;
       stats = engine_->stats()) {
    RD_CHECK(tick_after(kMinuteUs));
  }
  return {};
}

Result<void> WarmEngine::forget_viewers() {
  while (engine_->stats().viewers > 0) RD_CHECK(tick_after(kHourUs));
  return {};
}

Result<void> WarmEngine::fold(const std::vector<Made>& records) {
  for (const auto& made : records) {
    RD_CHECK(engine_->apply(engine_->next_offset(), made.time_us, made.record));
  }
  return {};
}

log::v1::FeedRequest WarmEngine::request_of_random_viewer() {
  log::v1::FeedRequest request;
  set_request(request, kFirstViewer + rng_.below(viewers_), options_.slots);
  return request;
}

double time_allowance() { return __builtin_cpu_supports("avx512f") ? 1.0 : 1.8; }

}  // namespace rondo::bench
