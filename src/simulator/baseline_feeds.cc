// The feeds beside the engine.
#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "base/hash.h"
#include "base/random.h"
#include "simulator/feed.h"

namespace rondo::simulator {
namespace {

// Who has seen what; a page is the best of the rest.
class BaselineFeed : public Feed {
 public:
  explicit BaselineFeed(const Catalogue& catalogue) : catalogue_(catalogue) {}

  Result<void> published(uint32_t video, uint64_t) override {
    published_.push_back(video);
    return {};
  }
  Result<void> shown(const Viewer& viewer, const Place& place, uint64_t) override {
    seen_of(viewer)[place.video] = true;
    return {};
  }
  Result<void> watched(const Viewer&, const Place&, const Viewing&, uint64_t) override {
    return {};
  }

 protected:
  std::vector<bool>& seen_of(const Viewer& viewer) {
    auto& seen = seen_[viewer.id()];
    seen.resize(catalogue_.videos().size(), false);
    return seen;
  }
  static bool is_held(std::span<const Place> held, uint32_t video) {
    return std::any_of(held.begin(), held.end(),
                       [video](const Place& place) { return place.video == video; });
  }
  // The first `slots` videos in descending order of `worth(video)` among what may be shown.
  template <typename Worth>
  std::vector<Place> best(const Viewer& viewer, std::span<const Place> held, uint32_t slots,
                          Worth&& worth) {
    const std::vector<bool>& seen = seen_of(viewer);
    scored_.clear();
    for (uint32_t video : published_) {
      if (!seen[video] && !is_held(held, video)) scored_.emplace_back(worth(video), video);
    }
    size_t count = std::min<size_t>(slots, scored_.size());
    std::partial_sort(scored_.begin(), scored_.begin() + static_cast<ptrdiff_t>(count),
                      scored_.end(), [](const auto& a, const auto& b) {
                        return a.first != b.first ? a.first > b.first : a.second < b.second;
                      });
    std::vector<Place> out;
    for (size_t i = 0; i < count; ++i) {
      out.push_back({scored_[i].second, pages_, static_cast<uint32_t>(i)});
    }
    ++pages_;
    return out;
  }

  const Catalogue& catalogue_;
  std::vector<uint32_t> published_;

 private:
  std::unordered_map<uint64_t, std::vector<bool>> seen_;
  std::vector<std::pair<double, uint32_t>> scored_;
  uint64_t pages_ = 0;
};

class RandomFeed final : public BaselineFeed {
 public:
  RandomFeed(const Catalogue& catalogue, uint64_t seed)
      : BaselineFeed(catalogue), rng_(base::mix64(seed ^ 0x4A0D)) {}
  std::string_view name() const override { return "random"; }
  Result<std::vector<Place>> page(const Viewer& viewer, std::span<const Place> held, uint32_t slots,
                                  uint64_t) override {
    return best(viewer, held, slots, [this](uint32_t) { return rng_.uniform(); });
  }

 private:
  base::Rng rng_;
};

class PopularFeed final : public BaselineFeed {
 public:
  PopularFeed(const Catalogue& catalogue, uint64_t seed)
      : BaselineFeed(catalogue), rng_(base::mix64(seed ^ 0x90B)) {}
  std::string_view name() const override { return "popular"; }
  Result<std::vector<Place>> page(const Viewer& viewer, std::span<const Place> held, uint32_t slots,
                                  uint64_t now_us) override {
    counts_.resize(catalogue_.videos().size());
    bool explores = static_cast<double>(rng_.uniform()) < kExplore;
    return best(viewer, held, slots, [&](uint32_t video) -> double {
      if (explores) return static_cast<double>(rng_.uniform());
      const Counts& c = counts_[video];
      double kept = decay(c, now_us);
      return (c.finishes * kept + kPriorRate * kPrior) / (c.views * kept + kPrior);
    });
  }
  Result<void> watched(const Viewer&, const Place& place, const Viewing& viewing,
                       uint64_t now_us) override {
    counts_.resize(catalogue_.videos().size());
    Counts& c = counts_[place.video];
    double kept = decay(c, now_us);
    c = {c.views * kept + 1, c.finishes * kept + (viewing.loops > 0 ? 1 : 0), now_us};
    return {};
  }

 private:
  static constexpr double kExplore = 0.1;     // of pages
  static constexpr double kPrior = 10;        // views
  static constexpr double kPriorRate = 0.15;  // finishes a view
  static constexpr double kHalfLifeUs = 86'400e6;
  struct Counts {
    double views = 0;
    double finishes = 0;
    uint64_t at_us = 0;
  };
  static double decay(const Counts& c, uint64_t now_us) {
    return std::exp2(-static_cast<double>(now_us - c.at_us) / kHalfLifeUs);
  }
  base::Rng rng_;
  std::vector<Counts> counts_;
};

class OracleFeed final : public BaselineFeed {
 public:
  using BaselineFeed::BaselineFeed;
  std::string_view name() const override { return "oracle"; }
  Result<std::vector<Place>> page(const Viewer& viewer, std::span<const Place> held, uint32_t slots,
                                  uint64_t now_us) override {
    return best(viewer, held, slots, [&](uint32_t index) {
      const Video& video = catalogue_.video(index);
      return viewer.expected_watch_s(video, viewer.utility(video, now_us));
    });
  }
};

}  // namespace

std::unique_ptr<Feed> random_feed(const Catalogue& catalogue, uint64_t seed) {
  return std::make_unique<RandomFeed>(catalogue, seed);
}
std::unique_ptr<Feed> popular_feed(const Catalogue& catalogue, uint64_t seed) {
  return std::make_unique<PopularFeed>(catalogue, seed);
}
std::unique_ptr<Feed> oracle_feed(const Catalogue& catalogue) {
  return std::make_unique<OracleFeed>(catalogue);
}

}  // namespace rondo::simulator
