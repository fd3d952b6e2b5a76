#include "recommender/retrieval/ivf.h"

#include <algorithm>
#include <limits>

#include "base/hash.h"
#include "recommender/kernels/dense.h"
#include "recommender/kernels/int8.h"

namespace rondo::recommender::retrieval {
namespace {

// Videos that have their turn at a Tick: about a millisecond and a half.
constexpr uint32_t kTurnVideos = 512;
// Rounds until the centroids are good enough to be probed.
constexpr uint32_t kRoundsMin = 4;

}  // namespace

bool InvertedFile::is_ready() const { return c_.rounds >= kRoundsMin; }

void InvertedFile::put(const Items& items, uint32_t video) {
  if (!has_begun()) return;
  if (has_changed(items, video)) {
    put_in_nearest(items, video);
  } else {
    place(items, video, c_.list_of[video]);
  }
}

bool InvertedFile::has_changed(const Items& items, uint32_t video) const {
  if (video >= c_.list_of.size() || c_.list_of[video] == kNone) return true;
  const List& list = by_list_[c_.list_of[video]];
  const size_t at = places_[video];
  const auto code = items.codes.subspan(size_t{video} * d_, d_);
  return list.scales[at] != items.scales[video] ||
         !std::equal(code.begin(), code.end(),
                     list.codes.begin() + static_cast<ptrdiff_t>(at * d_));
}

void InvertedFile::put_in_nearest(const Items& items, uint32_t video) {
  const auto code = items.codes.subspan(size_t{video} * d_, d_);
  place(items, video, nearest(code, items.scales[video]));
}

void InvertedFile::turn(const Items& items) {
  const auto count = static_cast<uint32_t>(items.biases.size());
  if (!has_begun()) {
    if (count < std::max(lists_from_, lists_)) return;
    begin(items);
  }
  const uint32_t end = std::min(count, c_.next + kTurnVideos);
  for (; c_.next < end; ++c_.next) {
    put_in_nearest(items, c_.next);
    const size_t list = c_.list_of[c_.next];
    const auto vector = items.vectors.subspan(size_t{c_.next} * d_, d_);
    kernels::axpy(1.0f, vector, std::span(c_.sums).subspan(list * d_, d_));
    ++c_.counts[list];
    c_.bias_sums[list] += items.biases[c_.next];
  }
  if (c_.next == count) end_round(items);
}

// The centroids start as videos spread evenly over all.
void InvertedFile::begin(const Items& items) {
  const size_t count = items.biases.size();
  c_.centroids.resize(lists_ * d_);
  for (size_t k = 0; k < lists_; ++k) {
    const auto from = items.vectors.subspan(k * count / lists_ * d_, d_);
    std::copy(from.begin(), from.end(), c_.centroids.begin() + static_cast<ptrdiff_t>(k * d_));
  }
  c_.means.assign(lists_, 0.0f);
  c_.list_of.assign(count, kNone);
  c_.sums.assign(lists_ * d_, 0.0f);
  c_.counts.assign(lists_, 0);
  c_.bias_sums.assign(lists_, 0.0f);
  by_list_.assign(lists_, {});
  places_.assign(count, 0);
  encode_centroids();
}

void InvertedFile::end_round(const Items& items) {
  const size_t videos = items.biases.size();
  for (size_t k = 0; k < lists_; ++k) {
    std::span<float> centroid = std::span(c_.centroids).subspan(k * d_, d_);
    const auto n = static_cast<float>(c_.counts[k]);
    if (c_.counts[k] == 0) {
      // Nobody's nearest: it tries elsewhere.
      const size_t video = base::mix64(uint64_t{c_.rounds} * lists_ + k) % videos;
      const auto from = items.vectors.subspan(video * d_, d_);
      std::copy(from.begin(), from.end(), centroid.begin());
      c_.means[k] = 0;
      continue;
    }
    for (size_t i = 0; i < d_; ++i) centroid[i] = c_.sums[k * d_ + i] / n;
    c_.means[k] = c_.bias_sums[k] / n;
  }
  std::fill(c_.sums.begin(), c_.sums.end(), 0.0f);
  std::fill(c_.counts.begin(), c_.counts.end(), 0);
  std::fill(c_.bias_sums.begin(), c_.bias_sums.end(), 0.0f);
  c_.next = 0;
  ++c_.rounds;
  encode_centroids();
}

void InvertedFile::encode_centroids() {
  centroid_codes_.resize(c_.centroids.size());
  centroid_scales_.resize(lists_);
  half_norms_.resize(lists_);
  products_.resize(lists_);
  for (size_t k = 0; k < lists_; ++k) {
    const auto centroid = std::span<const float>(c_.centroids).subspan(k * d_, d_);
    centroid_scales_[k] =
        kernels::quantize(centroid, std::span(centroid_codes_).subspan(k * d_, d_));
    half_norms_[k] = 0.5f * kernels::squared_norm(centroid);
  }
}

uint16_t InvertedFile::nearest(std::span<const int8_t> code, float scale) {
  kernels::dot_many_i8(code, centroid_codes_, products_);
  size_t best = 0;
  float most = -std::numeric_limits<float>::infinity();
  for (size_t k = 0; k < lists_; ++k) {
    const float near =
        static_cast<float>(products_[k]) * (scale * centroid_scales_[k]) - half_norms_[k];
    if (near > most) {
      most = near;
      best = k;
    }
  }
  return static_cast<uint16_t>(best);
}

void InvertedFile::place(const Items& items, uint32_t video, uint16_t list) {
  if (video >= c_.list_of.size()) {
    c_.list_of.resize(video + 1, kNone);
    places_.resize(video + 1, 0);
  }
  const auto code = items.codes.subspan(size_t{video} * d_, d_);
  List& to = by_list_[list];
  if (c_.list_of[video] != list) {
    take_out(video);
    c_.list_of[video] = list;
    places_[video] = static_cast<uint32_t>(to.videos.size());
    to.videos.push_back(video);
    to.codes.resize(to.codes.size() + d_);
    to.scales.emplace_back();
    to.biases.emplace_back();
  }
  const size_t at = places_[video];
  std::copy(code.begin(), code.end(), to.codes.begin() + static_cast<ptrdiff_t>(at * d_));
  to.scales[at] = items.scales[video];
  to.biases[at] = items.biases[video];
}

// The last of the list takes its place.
void InvertedFile::take_out(uint32_t video) {
  if (c_.list_of[video] == kNone) return;
  List& from = by_list_[c_.list_of[video]];
  const size_t at = places_[video];
  const size_t last = from.videos.size() - 1;
  from.videos[at] = from.videos[last];
  places_[from.videos[at]] = static_cast<uint32_t>(at);
  std::copy_n(from.codes.begin() + static_cast<ptrdiff_t>(last * d_), d_,
              from.codes.begin() + static_cast<ptrdiff_t>(at * d_));
  from.scales[at] = from.scales[last];
  from.biases[at] = from.biases[last];
  from.videos.pop_back();
  from.codes.resize(last * d_);
  from.scales.pop_back();
  from.biases.pop_back();
}

std::vector<InvertedFile::Probe> InvertedFile::probes(std::span<const float> query) const {
  std::vector<float> products(lists_);
  kernels::dot_many(query, c_.centroids, products);
  std::vector<Probe> out(lists_);
  for (uint32_t k = 0; k < lists_; ++k) out[k] = {k, products[k] + c_.means[k]};
  std::sort(out.begin(), out.end(), [](const Probe& a, const Probe& b) {
    return a.worth != b.worth ? a.worth > b.worth : a.list < b.list;
  });
  return out;
}

Result<void> InvertedFile::restore(Contents contents, const Items& items) {
  const size_t videos = items.biases.size();
  const size_t lists = contents.centroids.empty() ? 0 : lists_;
  bool fits = contents.list_of.size() == (lists == 0 ? 0 : videos) && contents.next <= videos;
  for (const auto* by_dimension : {&contents.centroids, &contents.sums}) {
    fits = fits && by_dimension->size() == lists * d_;
  }
  for (const auto* by_list : {&contents.means, &contents.bias_sums}) {
    fits = fits && by_list->size() == lists;
  }
  fits = fits && contents.counts.size() == lists && (lists > 0 || contents.rounds == 0);
  for (uint16_t list : contents.list_of) {
    // Only while the first round goes on is there a video without a list.
    fits = fits && (list < lists || (list == kNone && contents.rounds == 0));
  }
  if (!fits) return corrupt("inverted file: the sizes do not fit the bundle or the videos");
  c_ = std::move(contents);
  by_list_.assign(lists, {});
  places_.assign(c_.list_of.size(), 0);
  if (lists == 0) return {};
  encode_centroids();
  const std::vector<uint16_t> list_of = c_.list_of;
  std::fill(c_.list_of.begin(), c_.list_of.end(), kNone);
  for (uint32_t v = 0; v < list_of.size(); ++v) {
    if (list_of[v] != kNone) place(items, v, list_of[v]);
  }
  return {};
}

}  // namespace rondo::recommender::retrieval
