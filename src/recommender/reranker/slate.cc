#include "recommender/reranker/slate.h"

#include <algorithm>

#include "base/result.h"
#include "recommender/features/catalogue.h"
#include "recommender/kernels/math.h"

namespace rondo::recommender::reranker {
namespace {

using features::kNoIndex;

constexpr int kRules = 3;

size_t topic_limit(float share, size_t slots) {
  auto most = static_cast<size_t>(share * static_cast<float>(slots) + 0.5f);
  return std::max<size_t>(most, 1);
}

// 1 for a viewer without outcomes, half at `half`, falling to 0.
float coldness(float half, size_t outcomes) { return half / (half + static_cast<float>(outcomes)); }

// The scores of the items in use as shares that sum to `total`.
std::vector<double> softmax(std::span<const float> scores, const std::vector<bool>& use,
                            float temperature, double total) {
  std::vector<double> out(scores.size(), 0.0);
  bool any = false;
  float best = 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    if (!use[i]) continue;
    best = any ? std::max(best, scores[i]) : scores[i];
    any = true;
  }
  double sum = 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    if (!use[i]) continue;
    out[i] = kernels::exp((scores[i] - best) / temperature);
    sum += out[i];
  }
  if (sum > 0) {
    for (double& share : out) share = share / sum * total;
  }
  return out;
}

double uniform53(base::Rng& rng) { return static_cast<double>(rng.next() >> 11) * 0x1p-53; }

// The item at `target` of the way through the shares; the last one with a share when rounding has
// left the sum a hair below.
size_t pick(const std::vector<double>& shares, double target) {
  size_t last = 0;
  for (size_t i = 0; i < shares.size(); ++i) {
    if (shares[i] <= 0) continue;
    last = i;
    if (target < shares[i]) return i;
    target -= shares[i];
  }
  return last;
}

double sum_of(const std::vector<double>& shares) {
  double sum = 0;
  for (double share : shares) sum += share;
  return sum;
}

}  // namespace

Slate::Slate(const Bundle& bundle, std::span<const SlateItem> items, std::span<const uint32_t> pool,
             std::span<const Placed> before, size_t limit, size_t outcomes)
    : bundle_(bundle),
      items_(items),
      pool_(pool),
      limit_(limit),
      topic_max_(topic_limit(bundle.rules.topic_share_max, bundle.rules.window_slots)),
      repeat_penalty_(bundle.rules.repeat_penalty +
                      bundle.rules.cold_repeat_penalty *
                          coldness(bundle.rules.cold_outcomes, outcomes)),
      new_topic_share_(bundle.exploration.new_topic_share *
                       coldness(bundle.exploration.new_topic_outcomes, outcomes)),
      before_(before.begin(), before.end()),
      item_placed_(items.size(), false) {}

bool Slate::done() const { return placed_.size() >= limit_ || placed_.size() >= pool_.size(); }

size_t Slate::topic_count(uint32_t topic) const {
  if (topic == kNoIndex) return 0;
  size_t window = std::min<size_t>(bundle_.rules.window_slots - 1, before_.size());
  return static_cast<size_t>(std::count_if(before_.end() - static_cast<ptrdiff_t>(window),
                                           before_.end(),
                                           [topic](const Placed& p) { return p.topic == topic; }));
}

bool Slate::is_placed(uint32_t video) const {
  return std::find(placed_.begin(), placed_.end(), video) != placed_.end();
}

bool Slate::allowed(const SlateItem& item, int relaxed) const {
  const auto& rules = bundle_.rules;
  if (relaxed < 1) {
    size_t gap = std::min<size_t>(rules.author_gap, before_.size());
    for (size_t i = before_.size() - gap; i < before_.size(); ++i) {
      if (before_[i].author == item.author) return false;
    }
  }
  if (item.topic == kNoIndex) return true;
  if (relaxed < 2 && before_.size() >= rules.topic_run_max) {
    bool run = true;
    for (size_t i = before_.size() - rules.topic_run_max; i < before_.size(); ++i) {
      run = run && before_[i].topic == item.topic;
    }
    if (run) return false;
  }
  return relaxed >= 3 || topic_count(item.topic) < topic_max_;
}

Distribution Slate::distribution() const {
  Distribution out;
  const auto& exploration = bundle_.exploration;
  std::vector<bool> use(items_.size(), false);
  bool any = false;
  for (int relaxed = 0; relaxed <= kRules && !any; ++relaxed) {
    for (size_t i = 0; i < items_.size(); ++i) {
      use[i] = !item_placed_[i] && allowed(items_[i], relaxed);
      any = any || use[i];
    }
    out.rules_relaxed = relaxed;
  }
  std::vector<bool> new_video(items_.size(), false);
  std::vector<bool> new_topic(items_.size(), false);
  bool any_new_video = false;
  bool any_new_topic = false;
  std::vector<float> adjusted(items_.size(), 0.0f);
  std::vector<float> hopeful(items_.size(), 0.0f);
  for (size_t i = 0; i < items_.size(); ++i) {
    if (!use[i]) continue;
    const SlateItem& item = items_[i];
    adjusted[i] = item.score - repeat_penalty_ * static_cast<float>(topic_count(item.topic));
    hopeful[i] = adjusted[i] +
                 exploration.bonus / kernels::sqrt(1.0f + static_cast<float>(item.impressions));
    new_video[i] = item.is_new;
    new_topic[i] = item.topic_is_new;
    any_new_video = any_new_video || item.is_new;
    any_new_topic = any_new_topic || item.topic_is_new;
  }
  size_t left = pool_.size() - placed_.size();
  // Without a scored candidate left, all of the probability is uniform.
  double uniform = any ? static_cast<double>(exploration.uniform_share) : 1.0;
  double video_share = any_new_video ? static_cast<double>(exploration.new_video_share) : 0.0;
  double topic_share = any_new_topic ? new_topic_share_ : 0.0;
  out.uniform_each = uniform / static_cast<double>(left);
  out.parts = {
      softmax(hopeful, new_video, exploration.temperature, video_share),
      softmax(adjusted, new_topic, bundle_.rules.temperature, topic_share),
      softmax(adjusted, use, bundle_.rules.temperature, 1.0 - uniform - video_share - topic_share)};
  return out;
}

Slate::Draw Slate::draw(const Distribution& d, base::Rng& rng) const {
  RD_ASSERT(!done());
  double target = uniform53(rng);
  size_t left = pool_.size() - placed_.size();
  double uniform = d.uniform_each * static_cast<double>(left);
  Draw out{};
  size_t item = items_.size();
  // Rounding may leave the sum a hair below 1: what is beyond it falls to the last part.
  const auto& greedy = d.parts.back();
  bool any = std::any_of(greedy.begin(), greedy.end(), [](double share) { return share > 0; });
  if (target < uniform || !any) {
    out.part = Part::kUniform;
    out.video = nth_left(rng.below(left));
    for (size_t i = 0; i < items_.size(); ++i) {
      if (items_[i].video == out.video) item = i;
    }
  } else {
    target -= uniform;
    size_t part = 0;
    for (double share = sum_of(d.parts[0]); part + 1 < kItemParts && target >= share;
         share = sum_of(d.parts[part])) {
      target -= share;
      ++part;
    }
    out.part = static_cast<Part>(part + 1);
    item = pick(d.parts[part], target);
    out.video = items_[item].video;
  }
  out.propensity = d.uniform_each;
  if (item < items_.size()) {
    for (const auto& part : d.parts) out.propensity += part[item];
  }
  return out;
}

uint32_t Slate::nth_left(uint64_t skip) const {
  for (uint32_t video : pool_) {
    if (!is_placed(video) && skip-- == 0) return video;
  }
  RD_ASSERT(false);
  return 0;
}

void Slate::place(uint32_t video, uint32_t author, uint32_t topic) {
  placed_.push_back(video);
  before_.push_back({author, topic});
  for (size_t i = 0; i < items_.size(); ++i) {
    if (items_[i].video == video) item_placed_[i] = true;
  }
}

}  // namespace rondo::recommender::reranker
