#include <fmt/format.h>

#include "base/bytes.h"
#include "recommender/engine.h"
#include "simulator/feed.h"

namespace rondo::simulator {
namespace {

using log::v1::Record;

class EngineFeed final : public Feed {
 public:
  EngineFeed(const Catalogue& catalogue, std::unique_ptr<recommender::Engine> engine)
      : catalogue_(catalogue), engine_(std::move(engine)) {}

  std::string_view name() const override { return "engine"; }

  Result<void> published(uint32_t index, uint64_t now_us) override {
    const Video& video = catalogue_.video(index);
    Record& record = fresh();
    auto& r = *record.mutable_video_published();
    r.set_video_id(video.id);
    r.set_author_id(catalogue_.authors()[video.author].id);
    r.set_duration_ms(video.duration_ms());
    for (const auto& topic : video.hashtags) r.add_topics(topic);
    if (video.language != kNoWords) r.set_language(languages_[video.language]);
    r.set_sound_id(video.sound_id);
    r.set_published_us(video.published_us);
    index_of_.emplace(video.id, index);
    return apply(record, now_us);
  }

  Result<std::vector<Place>> page(const Viewer& viewer, std::span<const Place> held, uint32_t slots,
                                  uint64_t now_us) override {
    RD_CHECK(tick(now_us));
    request_.Clear();
    request_.set_viewer_id(viewer.id());
    request_.set_surface(log::v1::SURFACE_FOR_YOU);
    request_.set_language(languages_[viewer.language()]);
    request_.set_limit(slots);
    request_.set_anonymous(viewer.anonymous());
    for (const Place& place : held) {
      auto& ref = *request_.add_held();
      ref.set_page_offset(place.page);
      ref.set_slot(place.slot);
    }
    const uint64_t offset = engine_->next_offset().value();
    RD_TRY(auto served, engine_->rank(request_));
    std::vector<Place> out;
    for (int i = 0; i < served.slots_size(); ++i) {
      out.push_back({index_of_.at(served.slots(i).video_id()), offset, static_cast<uint32_t>(i)});
    }
    Record& record = fresh();
    *record.mutable_served() = std::move(served);
    RD_CHECK(apply(record, now_us));
    return out;
  }

  Result<void> shown(const Viewer& viewer, const Place& place, uint64_t now_us) override {
    Record& record = fresh();
    fill(*record.mutable_impression(), viewer, place);
    return apply(record, now_us);
  }

  Result<void> watched(const Viewer& viewer, const Place& place, const Viewing& viewing,
                       uint64_t now_us) override {
    RD_CHECK(tick(now_us));
    auto& watch = *engagement(viewer, place).mutable_watch();
    watch.set_watch_ms(viewing.watch_ms);
    watch.set_loops(viewing.loops);
    watch.set_skipped(viewing.skipped);
    RD_CHECK(apply(record_, now_us));
    if (viewing.like) {
      engagement(viewer, place).set_like(true);
      RD_CHECK(apply(record_, now_us));
    }
    if (viewing.share) {
      engagement(viewer, place).set_share(true);
      RD_CHECK(apply(record_, now_us));
    }
    if (viewing.save) {
      engagement(viewer, place).set_save(true);
      RD_CHECK(apply(record_, now_us));
    }
    if (viewing.comment) {
      engagement(viewer, place).set_comment(true);
      RD_CHECK(apply(record_, now_us));
    }
    if (viewing.not_interested) {
      engagement(viewer, place).mutable_not_interested()->set_scope(log::v1::NOT_INTERESTED_VIDEO);
      RD_CHECK(apply(record_, now_us));
    }
    if (viewing.follow) {
      auto& follow = *fresh().mutable_follow_changed();
      follow.set_viewer_id(viewer.id());
      follow.set_author_id(catalogue_.authors()[catalogue_.video(place.video).author].id);
      follow.set_following(true);
      RD_CHECK(apply(record_, now_us));
    }
    return {};
  }

  std::vector<std::pair<std::string, double>> counts() const override {
    auto stats = engine_->stats();
    return {{"examples_trained", static_cast<double>(stats.examples_trained)},
            {"batches_rejected", static_cast<double>(stats.batches_rejected)},
            {"outcomes_unmatched", static_cast<double>(stats.outcomes_unmatched)},
            {"records_senseless", static_cast<double>(stats.records_senseless)},
            {"records", static_cast<double>(engine_->next_offset().value())}};
  }

 private:
  Record& fresh() {
    record_.Clear();
    return record_;
  }

  log::v1::Engagement& engagement(const Viewer& viewer, const Place& place) {
    auto& out = *fresh().mutable_engagement();
    fill(out, viewer, place);
    return out;
  }

  template <typename Message>
  void fill(Message& message, const Viewer& viewer, const Place& place) {
    message.set_viewer_id(viewer.id());
    message.set_video_id(catalogue_.video(place.video).id);
    if (place.page != Place::kNoPage) {
      message.set_from_page(true);
      message.set_page_offset(place.page);
      message.set_slot(place.slot);
    }
    uint64_t event = ++events_;
    message.set_event_id(&event, sizeof(event));
  }

  Result<void> apply(const Record& record, uint64_t now_us) {
    return engine_->apply(engine_->next_offset(), now_us, record);
  }

  // As a host does: once in a second in which something happens.
  Result<void> tick(uint64_t now_us) {
    uint64_t epoch = now_us / 1'000'000;
    if (epoch <= ticked_) return {};
    ticked_ = epoch;
    fresh().mutable_tick()->set_epoch(epoch);
    return apply(record_, now_us);
  }

  const Catalogue& catalogue_;
  const std::unique_ptr<recommender::Engine> engine_;
  const decltype(Parameters::Languages::names) languages_ = Parameters::Languages{}.names;
  std::unordered_map<uint64_t, uint32_t> index_of_;
  Record record_;
  log::v1::FeedRequest request_;
  uint64_t events_ = 0;
  uint64_t ticked_ = 0;
};

}  // namespace

Result<std::unique_ptr<Feed>> engine_feed(const Catalogue& catalogue,
                                          const recommender::Bundle& bundle) {
  RD_TRY(auto engine, recommender::Engine::create(bundle, PartitionId(0)));
  return std::unique_ptr<Feed>(std::make_unique<EngineFeed>(catalogue, std::move(engine)));
}

}  // namespace rondo::simulator
