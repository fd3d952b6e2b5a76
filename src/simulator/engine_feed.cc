#include <fmt/format.h>

#include <deque>

#include "base/bytes.h"
#include "base/hash.h"
#include "recommender/engine.h"
#include "simulator/feed.h"

namespace rondo::simulator {
namespace {

using log::v1::Record;

// As hosts do (feed/partition_host.h).
constexpr uint64_t kExchangeSeconds = 30;
constexpr int kDeltasPerTickMax = 4;

// An engine with the viewers that are its own, and what it has told the others: all of it from
// `told_from` on, as somebody has still to take it in.
struct Partition {
  std::unique_ptr<recommender::Engine> engine;
  uint64_t ticked = 0;  // epoch
  uint64_t cut = 0;     // the same
  std::deque<std::string> told = {};
  uint64_t told_from = 0;
};

class EngineFeed final : public Feed {
 public:
  EngineFeed(const Catalogue& catalogue, std::vector<Partition> partitions)
      : catalogue_(catalogue), partitions_(std::move(partitions)) {}

  // From here on the engines are those of one network.
  Result<void> begin(uint64_t now_us) {
    if (partitions_.size() == 1) return {};
    auto& activated = *fresh().mutable_engine_activated();
    activated.set_engine_version(std::string(recommender::kEngineVersion));
    activated.set_partitions(static_cast<uint32_t>(partitions_.size()));
    for (Partition& p : partitions_) RD_CHECK(apply(p, record_, now_us));
    return {};
  }

  std::string_view name() const override { return "engine"; }

  Result<void> published(uint32_t index, uint64_t now_us) override {
    if (index_of_.empty()) RD_CHECK(begin(now_us));
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
    for (Partition& p : partitions_) RD_CHECK(apply(p, record, now_us));
    return {};
  }

  Result<std::vector<Place>> page(const Viewer& viewer, std::span<const Place> held, uint32_t slots,
                                  uint64_t now_us) override {
    Partition& p = of(viewer);
    RD_CHECK(tick(p, now_us));
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
    const uint64_t offset = p.engine->next_offset().value();
    RD_TRY(auto served, p.engine->rank(request_));
    std::vector<Place> out;
    out.reserve(static_cast<size_t>(served.slots_size()));
    for (int i = 0; i < served.slots_size(); ++i) {
      out.push_back({index_of_.at(served.slots(i).video_id()), offset, static_cast<uint32_t>(i)});
    }
    Record& record = fresh();
    *record.mutable_served() = std::move(served);
    RD_CHECK(apply(p, record, now_us));
    return out;
  }

  Result<void> shown(const Viewer& viewer, const Place& place, uint64_t now_us) override {
    Record& record = fresh();
    fill(*record.mutable_impression(), viewer, place);
    return apply(of(viewer), record, now_us);
  }

  Result<void> watched(const Viewer& viewer, const Place& place, const Viewing& viewing,
                       uint64_t now_us) override {
    Partition& p = of(viewer);
    RD_CHECK(tick(p, now_us));
    auto& watch = *engagement(viewer, place).mutable_watch();
    watch.set_watch_ms(viewing.watch_ms);
    watch.set_loops(viewing.loops);
    watch.set_skipped(viewing.skipped);
    RD_CHECK(apply(p, record_, now_us));
    if (viewing.like) {
      engagement(viewer, place).set_like(true);
      RD_CHECK(apply(p, record_, now_us));
    }
    if (viewing.share) {
      engagement(viewer, place).set_share(true);
      RD_CHECK(apply(p, record_, now_us));
    }
    if (viewing.save) {
      engagement(viewer, place).set_save(true);
      RD_CHECK(apply(p, record_, now_us));
    }
    if (viewing.comment) {
      engagement(viewer, place).set_comment(true);
      RD_CHECK(apply(p, record_, now_us));
    }
    if (viewing.not_interested) {
      engagement(viewer, place).mutable_not_interested()->set_scope(log::v1::NOT_INTERESTED_VIDEO);
      RD_CHECK(apply(p, record_, now_us));
    }
    if (viewing.follow) {
      auto& follow = *fresh().mutable_follow_changed();
      follow.set_viewer_id(viewer.id());
      follow.set_author_id(catalogue_.authors()[catalogue_.video(place.video).author].id);
      follow.set_following(true);
      RD_CHECK(apply(p, record_, now_us));
    }
    return {};
  }

  std::vector<std::pair<std::string, double>> counts() const override {
    recommender::EngineStats sum;
    uint64_t records = 0;
    for (const Partition& p : partitions_) {
      const auto stats = p.engine->stats();
      sum.examples_trained += stats.examples_trained;
      sum.batches_rejected += stats.batches_rejected;
      sum.outcomes_unmatched += stats.outcomes_unmatched;
      sum.records_senseless += stats.records_senseless;
      sum.deltas_taken += stats.deltas_taken;
      records += p.engine->next_offset().value();
    }
    std::vector<std::pair<std::string, double>> out = {
        {"examples_trained", static_cast<double>(sum.examples_trained)},
        {"batches_rejected", static_cast<double>(sum.batches_rejected)},
        {"outcomes_unmatched", static_cast<double>(sum.outcomes_unmatched)},
        {"records_senseless", static_cast<double>(sum.records_senseless)},
        {"records", static_cast<double>(records)}};
    if (partitions_.size() > 1) {
      out.emplace_back("deltas_taken", static_cast<double>(sum.deltas_taken));
    }
    return out;
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

  // As records/routing.h has it.
  Partition& of(const Viewer& viewer) {
    return partitions_[base::mix64(viewer.id()) % partitions_.size()];
  }

  static Result<void> apply(Partition& p, const Record& record, uint64_t now_us,
                            std::span<const std::string> deltas = {}) {
    return p.engine->apply(p.engine->next_offset(), now_us, record, deltas);
  }

  // As a host does: once in a second in which something happens. With it go what the others have
  // told, and now and then a cut.
  Result<void> tick(Partition& p, uint64_t now_us) {
    uint64_t epoch = now_us / 1'000'000;
    if (epoch <= p.ticked) return {};
    p.ticked = epoch;
    auto& tick = *fresh().mutable_tick();
    tick.set_epoch(epoch);
    if (partitions_.size() == 1) return apply(p, record_, now_us);
    const std::vector<std::string> deltas = take(p, tick);
    tick.set_cut(epoch >= p.cut + kExchangeSeconds && p.engine->stats().untold);
    RD_CHECK(apply(p, record_, now_us, deltas));
    if (!tick.cut()) return {};
    p.cut = epoch;
    if (auto cut = p.engine->cut(); !cut.body.empty()) p.told.emplace_back(cut.body);
    forget_taken(p);
    return {};
  }

  std::vector<std::string> take(const Partition& p, log::v1::Tick& tick) const {
    std::vector<std::string> out;
    const auto taken = p.engine->taken();
    for (uint32_t q = 0; q < partitions_.size(); ++q) {
      const Partition& from = partitions_[q];
      if (&from == &p) continue;
      for (uint64_t at = taken[q]; at < from.told_from + from.told.size(); ++at) {
        if (tick.deltas_size() == kDeltasPerTickMax) return out;
        const std::string& body = out.emplace_back(from.told[at - from.told_from]);
        auto& ref = *tick.add_deltas();
        ref.set_partition(q);
        ref.set_offset(at);
        ref.set_sha256(std::string(base::as_bytes(base::sha256(body))));
      }
    }
    return out;
  }

  void forget_taken(Partition& p) {
    const auto number = static_cast<size_t>(&p - partitions_.data());
    uint64_t needed = p.told_from + p.told.size();
    for (const Partition& other : partitions_) {
      if (&other != &p) needed = std::min(needed, other.engine->taken()[number]);
    }
    for (; p.told_from < needed; ++p.told_from) p.told.pop_front();
  }

  const Catalogue& catalogue_;
  std::vector<Partition> partitions_;
  const decltype(Parameters::Languages::names) languages_ = Parameters::Languages{}.names;
  std::unordered_map<uint64_t, uint32_t> index_of_;
  Record record_;
  log::v1::FeedRequest request_;
  uint64_t events_ = 0;
};

}  // namespace

Result<std::unique_ptr<Feed>> engine_feed(const Catalogue& catalogue,
                                          const recommender::Bundle& bundle, uint32_t partitions) {
  std::vector<Partition> made;
  for (uint32_t p = 0; p < partitions; ++p) {
    RD_TRY(auto engine, recommender::Engine::create(bundle, PartitionId(p)));
    made.push_back({std::move(engine)});
  }
  return std::unique_ptr<Feed>(std::make_unique<EngineFeed>(catalogue, std::move(made)));
}

}  // namespace rondo::simulator
