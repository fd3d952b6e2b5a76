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

float penalty(const Bundle::Rules& rules, size_t outcomes) {
  float cold = rules.cold_outcomes / (rules.cold_outcomes + static_cast<float>(outcomes));
  return rules.repeat_penalty + cold * rules.cold_repeat_penalty;
}

// Scores of allowed items (others: negative infinity is never needed, `use` says so) as shares that
// sum to `total`.
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
             std::span<const Placed> held, size_t limit, size_t outcomes)
    : bundle_(bundle),
      items_(items),
      pool_(pool),
      limit_(limit),
      topic_max_(topic_limit(bundle.rules.topic_share_max, held.size() + limit)),
      repeat_penalty_(penalty(bundle.rules, outcomes)),
      before_(held.begin(), held.end()),
      item_placed_(items.size(), false) {}

bool Slate::done() const { return placed_.size() >= limit_ || placed_.size() >= pool_.size(); }

size_t Slate::topic_count(uint32_t topic) const {
  if (topic == kNoIndex) return 0;
  return static_cast<size_t>(std::count_if(before_.begin(), before_.end(),
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
  std::vector<bool> use_new(items_.size(), false);
  bool any_new = false;
  std::vector<float> adjusted(items_.size(), 0.0f);
  std::vector<float> hopeful(items_.size(), 0.0f);
  for (size_t i = 0; i < items_.size(); ++i) {
    if (!use[i]) continue;
    const SlateItem& item = items_[i];
    adjusted[i] = item.score - repeat_penalty_ * static_cast<float>(topic_count(item.topic));
    if (!item.is_new) continue;
    use_new[i] = true;
    any_new = true;
    hopeful[i] = adjusted[i] +
                 exploration.bonus / kernels::sqrt(1.0f + static_cast<float>(item.impressions));
  }
  size_t left = pool_.size() - placed_.size();
  // Without a scored candidate left, all of the probability is uniform.
  double uniform = any ? static_cast<double>(exploration.uniform_share) : 1.0;
  double fresh = any_new ? static_cast<double>(exploration.new_video_share) : 0.0;
  out.uniform_each = uniform / static_cast<double>(left);
  out.new_part = softmax(hopeful, use_new, exploration.temperature, fresh);
  out.greedy_part = softmax(adjusted, use, bundle_.rules.temperature, 1.0 - uniform - fresh);
  return out;
}

Slate::Draw Slate::draw(const Distribution& d, base::Rng& rng) const {
  RD_ASSERT(!done());
  double target = uniform53(rng);
  size_t left = pool_.size() - placed_.size();
  double uniform = d.uniform_each * static_cast<double>(left);
  double fresh = sum_of(d.new_part);
  double greedy = sum_of(d.greedy_part);
  Draw out{};
  size_t item = items_.size();
  // Rounding may leave the three a hair below 1: the rest falls to the last part that has any.
  if (target < uniform || greedy <= 0) {
    out.part = Part::kUniform;
    uint64_t skip = rng.below(left);
    for (uint32_t video : pool_) {
      if (is_placed(video)) continue;
      if (skip-- == 0) {
        out.video = video;
        break;
      }
    }
    for (size_t i = 0; i < items_.size(); ++i) {
      if (items_[i].video == out.video) item = i;
    }
  } else if (target < uniform + fresh) {
    out.part = Part::kNew;
    item = pick(d.new_part, target - uniform);
    out.video = items_[item].video;
  } else {
    out.part = Part::kGreedy;
    item = pick(d.greedy_part, target - uniform - fresh);
    out.video = items_[item].video;
  }
  out.propensity = d.uniform_each;
  if (item < items_.size()) out.propensity += d.new_part[item] + d.greedy_part[item];
  return out;
}

void Slate::place(uint32_t video, uint32_t author, uint32_t topic) {
  placed_.push_back(video);
  before_.push_back({author, topic});
  for (size_t i = 0; i < items_.size(); ++i) {
    if (items_[i].video == video) item_placed_[i] = true;
  }
}

}  // namespace rondo::recommender::reranker
