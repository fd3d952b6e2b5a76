#include "recommender/reranker/slate.h"

#include <algorithm>
#include <bit>

#include "base/result.h"
#include "recommender/features/catalogue.h"
#include "recommender/kernels/dense.h"
#include "recommender/kernels/elementwise.h"
#include "recommender/kernels/math.h"
#include "recommender/retrieval/top_k.h"

namespace rondo::recommender::reranker {
namespace {

using features::kNoIndex;

constexpr int kRules = 3;
// The share is this much more than what is needed: some of those who are shown a new video leave.
constexpr float kNeedMargin = 1.25f;

size_t topic_limit(float share, size_t slots) {
  const auto twice = static_cast<size_t>(2.0f * share * static_cast<float>(slots));
  return std::max<size_t>((twice + 1) / 2, 1);  // rounded
}

// 1 for a viewer without outcomes, half at `half`, falling to 0.
float coldness(float half, size_t outcomes) { return half / (half + static_cast<float>(outcomes)); }

// The scores of the items in use as shares that sum to `total`; each times its factor, if any.
std::vector<double> softmax(std::span<const float> scores, std::span<const uint8_t> use,
                            float temperature, double total, std::span<const float> factor = {}) {
  std::vector<double> out(scores.size(), 0.0);
  if (!(total > 0)) return out;
  // Without a branch, which would be a guess.
  std::vector<uint32_t> used(scores.size());
  size_t count = 0;
  for (uint32_t i = 0; i < scores.size(); ++i) {
    used[count] = i;
    count += use[i] != 0 ? 1 : 0;
  }
  used.resize(count);
  if (used.empty()) return out;
  float best = scores[used[0]];
  for (uint32_t i : used) best = std::max(best, scores[i]);
  std::vector<float> weights(used.size());
  for (size_t k = 0; k < used.size(); ++k) weights[k] = (scores[used[k]] - best) / temperature;
  kernels::exp(weights);
  double sum = 0;
  for (size_t k = 0; k < used.size(); ++k) {
    const size_t i = used[k];
    out[i] = static_cast<double>(weights[k]) * (factor.empty() ? 1.0 : double{factor[i]});
    sum += out[i];
  }
  if (!(sum > 0)) return out;
  const double scale = total / sum;
  for (uint32_t i : used) out[i] *= scale;
  return out;
}

// About normal, mean 0 and deviation 1: of 64 coins.
float normal(base::Rng& rng) { return 0.25f * static_cast<float>(std::popcount(rng.next()) - 32); }

// One over the length; 0 for a vector without.
float inverse_length(std::span<const float> x) {
  const float square = kernels::squared_norm(x);
  return square > 0 ? 1.0f / kernels::sqrt(square) : 0.0f;
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

Slate::Slate(const Bundle& bundle, std::span<const SlateItem> items, features::VideoSet pool,
             std::span<const Placed> before, size_t limit, const Audience& audience, base::Rng& rng)
    : bundle_(bundle),
      items_(items),
      left_(std::move(pool)),
      left_count_(left_.count()),
      slots_left_(limit),
      window_(bundle.rules.window_slots - 1),
      topic_max_(topic_limit(bundle.rules.topic_share_max, bundle.rules.window_slots)),
      repeat_penalty_(bundle.rules.repeat_penalty +
                      bundle.rules.cold_repeat_penalty *
                          coldness(bundle.rules.cold_outcomes, audience.outcomes)),
      new_topic_share_(bundle.exploration.new_topic_share *
                       coldness(bundle.exploration.new_topic_outcomes, audience.outcomes)),
      new_video_part_(1.0f - coldness(bundle.exploration.debut_outcomes, audience.outcomes)),
      impressions_an_hour_(audience.impressions_an_hour),
      topics_(items.size()),
      item_placed_(items.size(), 0),
      topic_count_(items.size(), 0),
      unknown_(items.size(), 0.0f) {
  for (size_t i = 0; i < items_.size(); ++i) {
    if (!items_[i].is_new) continue;
    const float deviation =
        bundle.exploration.bonus / kernels::sqrt(1.0f + static_cast<float>(items_[i].impressions));
    unknown_[i] = deviation * normal(rng);
  }
  if (bundle.rules.likeness_penalty > 0) {
    retrieval::TopK<float> best(bundle.rules.likeness_compared);
    for (uint32_t i = 0; i < items_.size(); ++i) best.offer(items_[i].score, i);
    for (const auto& [score, i] : best.best()) {
      compared_.push_back(i);
      const float scale = inverse_length(items_[i].vector);
      for (float x : items_[i].vector) directions_.push_back(scale * x);
    }
  }
  for (size_t i = 0; i < items_.size(); ++i) topics_[i] = items_[i].topic;
  // What is out of the window by the first slot counts for the gap and the run alone.
  const size_t out = before.size() > window_ ? before.size() - window_ : 0;
  before_.assign(before.begin(), before.begin() + static_cast<ptrdiff_t>(out));
  for (const Placed& placed : before.subspan(out)) enter_window(placed);
}

bool Slate::done() const { return slots_left_ == 0 || left_count_ == 0; }

void Slate::enter_window(const Placed& placed) {
  const bool leaves = entered_ >= window_;
  const uint32_t left = leaves && window_ > 0 ? before_[before_.size() - window_].topic : kNoIndex;
  before_.push_back(placed);
  ++entered_;
  if (window_ == 0) return;
  for (size_t i = 0; i < topics_.size(); ++i) {
    // What has no topic counts as well: it is not looked at.
    topic_count_[i] = static_cast<uint8_t>(topic_count_[i] + (topics_[i] == placed.topic ? 1 : 0) -
                                           (leaves && topics_[i] == left ? 1 : 0));
  }
  if (compared_.empty()) return;
  if (leaves) {
    likeness_.erase(likeness_.begin(),
                    likeness_.begin() + static_cast<ptrdiff_t>(compared_.size()));
  }
  likeness_.resize(likeness_.size() + compared_.size());
  const auto row = std::span(likeness_).last(compared_.size());
  kernels::dot_many(placed.vector, directions_, row);
  const float scale = inverse_length(placed.vector);
  for (float& x : row) x *= scale;
}

bool Slate::allow(int relaxed, std::vector<uint8_t>& use) const {
  const auto& rules = bundle_.rules;
  const std::span<const Placed> before(before_);
  const auto near = before.last(std::min<size_t>(rules.author_gap, before.size()));
  uint32_t run = kNoIndex;  // the topic that may not go on
  if (before.size() >= rules.topic_run_max) {
    const auto latest = before.last(rules.topic_run_max);
    const bool same = std::all_of(latest.begin(), latest.end(),
                                  [&](const Placed& p) { return p.topic == latest[0].topic; });
    if (same) run = latest[0].topic;
  }
  bool any = false;
  for (size_t i = 0; i < items_.size(); ++i) {
    const SlateItem& item = items_[i];
    bool good = item_placed_[i] == 0;
    if (relaxed < 1) {
      for (const Placed& p : near) good = good && p.author != item.author;
    }
    if (item.topic != kNoIndex) {
      if (relaxed < 2) good = good && item.topic != run;
      if (relaxed < 3) good = good && topic_count_[i] < topic_max_;
    }
    use[i] = good ? 1 : 0;
    any = any || good;
  }
  return any;
}

Slate::Debuts Slate::debuts_among(std::span<const uint8_t> use) const {
  Debuts out{.need = std::vector<float>(use.size(), 0.0f),
             .on_time = std::vector<uint8_t>(use.size(), 0)};
  float needed = 0;
  double needed_here = 0;
  for (size_t i = 0; i < use.size(); ++i) {
    const Debut& debut = items_[i].debut;
    needed += debut.need;
    if (use[i] == 0 || !(debut.need > 0)) continue;
    out.any = true;
    out.need[i] = debut.need;
    out.on_time[i] = 1;
    needed_here += static_cast<double>(debut.need);
    if (debut.late) out.needed_late += static_cast<double>(debut.need);
  }
  if (!out.any) return out;
  const float share_max = bundle_.exploration.debut_share_max;
  const float share = kNeedMargin * needed / std::max(impressions_an_hour_, 1.0f);
  out.share = static_cast<double>(std::min(share, share_max));
  if (share > share_max) return out;  // not all can have theirs in time: to whom they fit best
  out.late_part = out.needed_late / needed_here;
  for (size_t i = 0; i < use.size(); ++i) {
    if (items_[i].debut.late) out.on_time[i] = 0;
  }
  return out;
}

Distribution Slate::distribution() const {
  Distribution out;
  const auto& exploration = bundle_.exploration;
  const size_t n = items_.size();
  std::vector<uint8_t> use(n, 0);
  bool any = false;
  for (int relaxed = 0; relaxed <= kRules && !any; ++relaxed) {
    any = allow(relaxed, use);
    out.rules_relaxed = relaxed;
  }
  std::vector<float> adjusted(n);
  for (size_t i = 0; i < n; ++i) {
    const auto repeats = static_cast<float>(topics_[i] == kNoIndex ? 0 : topic_count_[i]);
    adjusted[i] = items_[i].score - repeat_penalty_ * repeats;
  }
  std::vector<float> nearest(compared_.size(), 0.0f);
  for (size_t from = 0; from < likeness_.size(); from += nearest.size()) {
    for (size_t c = 0; c < nearest.size(); ++c) {
      nearest[c] = std::max(nearest[c], likeness_[from + c]);
    }
  }
  for (size_t c = 0; c < compared_.size(); ++c) {
    adjusted[compared_[c]] -= bundle_.rules.likeness_penalty * nearest[c];
  }
  std::vector<float> hopeful(n);
  for (size_t i = 0; i < n; ++i) hopeful[i] = adjusted[i] + unknown_[i];
  std::vector<uint8_t> new_video(n, 0);
  std::vector<uint8_t> new_topic(n, 0);
  bool any_new_video = false;
  bool any_new_topic = false;
  for (size_t i = 0; i < n; ++i) {
    if (use[i] == 0) continue;
    new_video[i] = items_[i].is_new ? 1 : 0;
    new_topic[i] = items_[i].topic_is_new ? 1 : 0;
    any_new_video = any_new_video || new_video[i] != 0;
    any_new_topic = any_new_topic || new_topic[i] != 0;
  }
  const Debuts debuts = debuts_among(use);
  // Without a scored candidate left, all of the probability is uniform.
  double uniform = any ? static_cast<double>(exploration.uniform_share) : 1.0;
  double video_share = any_new_video ? static_cast<double>(exploration.new_video_share) : 0.0;
  video_share = std::max(video_share, debuts.share) * new_video_part_;
  double topic_share = any_new_topic ? new_topic_share_ : 0.0;
  const double late_share = video_share * debuts.late_part;
  out.uniform_each = uniform / static_cast<double>(left_count_);
  out.parts = {
      debuts.any ? softmax(hopeful, debuts.on_time, exploration.temperature,
                           video_share - late_share, debuts.need)
                 : softmax(hopeful, new_video, exploration.temperature, video_share),
      softmax(adjusted, new_topic, bundle_.rules.temperature, topic_share),
      softmax(adjusted, use, bundle_.rules.temperature, 1.0 - uniform - video_share - topic_share)};
  for (size_t i = 0; i < n && late_share > 0; ++i) {
    if (debuts.on_time[i] != 0) continue;
    out.parts[0][i] += late_share * static_cast<double>(debuts.need[i]) / debuts.needed_late;
  }
  return out;
}

Slate::Draw Slate::draw(const Distribution& d, base::Rng& rng) const {
  RD_ASSERT(!done());
  double target = uniform53(rng);
  const double uniform = d.uniform_each * static_cast<double>(left_count_);
  Draw out{};
  size_t item = items_.size();
  // Rounding may leave the sum a hair below 1: what is beyond it falls to the last part.
  const auto& greedy = d.parts.back();
  bool any = std::any_of(greedy.begin(), greedy.end(), [](double share) { return share > 0; });
  if (target < uniform || !any) {
    out.part = Part::kUniform;
    out.video = left_.nth(rng.below(left_count_));
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

double Slate::propensity(const Distribution& d, uint32_t video) const {
  double out = d.uniform_each;
  for (size_t i = 0; i < items_.size(); ++i) {
    if (items_[i].video != video) continue;
    for (const auto& part : d.parts) out += part[i];
  }
  return out;
}

void Slate::place(uint32_t video, const Placed& as) {
  --slots_left_;
  if (left_.contains(video)) {
    left_.erase(video);
    --left_count_;
  }
  enter_window(as);
  for (size_t i = 0; i < items_.size(); ++i) {
    if (items_[i].video == video) item_placed_[i] = 1;
  }
}

}  // namespace rondo::recommender::reranker
