#include "recommender/retrieval/co_watch.h"

#include <algorithm>
#include <bit>

#include "base/room.h"
#include "recommender/kernels/dense.h"
#include "recommender/kernels/math.h"

namespace rondo::recommender::retrieval {
namespace {

// Rows that solve_some looks at for a stale one, at most, for each that it may solve.
constexpr uint32_t kLooks = 512;
// Smooths a lift: as if this much of everybody liked everything.
constexpr float kLiftFloor = 2e-3f;
constexpr float kLiftMax = 3.0f;
constexpr float kLn2 = 0.693147181f;

float root_of(float positives) { return kernels::sqrt(std::max(positives, 1e-3f)); }

// Solves A x = b in place for a symmetric positive definite A, of which only the upper triangle is
// read (elimination without pivoting, which such a matrix does not need). False when a pivot is not
// positive.
bool solve_symmetric(std::vector<float>& a, std::vector<float>& b) {
  const size_t n = b.size();
  for (size_t k = 0; k < n; ++k) {
    const float* from = &a[k * n];
    if (!(from[k] > 1e-6f)) return false;
    for (size_t i = k + 1; i < n; ++i) {
      float l = from[i] / from[k];
      if (l == 0) continue;
      kernels::axpy(-l, std::span(from + i, n - i), std::span(&a[i * n + i], n - i));
      b[i] -= l * b[k];
    }
  }
  for (size_t k = n; k-- > 0;) {
    float x = b[k];
    for (size_t i = k + 1; i < n; ++i) x -= a[k * n + i] * b[i];
    b[k] = x / a[k * n + k];
  }
  return true;
}

}  // namespace

LikedSet::LikedSet(std::span<const uint32_t> videos) : videos_(videos.begin(), videos.end()) {
  if (videos_.empty()) return;
  slots_.assign(std::bit_ceil(videos_.size() * 4), 0);
  mask_ = slots_.size() - 1;
  for (uint32_t video : videos_) {
    maybe_[bit(video) / 64] |= uint64_t{1} << (bit(video) % 64);
    size_t at = home(video);
    while (slots_[at] != 0 && slots_[at] != video + 1) at = (at + 1) & mask_;
    slots_[at] = video + 1;
  }
}

CoWatch::Row& CoWatch::row(uint32_t video) {
  if (video >= c_.rows.size()) {
    c_.rows.resize(video + 1);
    roots_.resize(video + 1, root_of(0));
  }
  return c_.rows[video];
}

float CoWatch::strength(const Neighbour& neighbour) const {
  return neighbour.count / roots_[neighbour.video];
}

void CoWatch::set_positives(uint32_t video, float positives) {
  c_.rows[video].positives = positives;
  roots_[video] = root_of(positives);
}

void CoWatch::derive() {
  roots_.resize(c_.rows.size());
  for (size_t video = 0; video < roots_.size(); ++video) {
    roots_[video] = root_of(c_.rows[video].positives);
  }
}

float CoWatch::weight(uint32_t positives) const {
  // Likes that a history has forgotten cannot be weighed anew: beyond its length all stays as it
  // is.
  uint32_t n = std::clamp(positives, 1u, std::max(bundle_.limits.viewer_history_max, 1u));
  auto doublings = static_cast<float>(std::bit_width(n) - 1);
  return kernels::exp(-kLn2 * bundle_.co_watch.viewer_share * doublings);
}

void CoWatch::note(uint32_t video, std::span<const uint32_t> liked, uint32_t positives,
                   Added* added) {
  const uint32_t n = std::max(positives, 1u);
  const float now = weight(n);
  if (n == 1) {
    add_everybody(now);
  } else if (float by = now - weight(n - 1); by != 0) {
    weigh_anew(liked, by);
  }
  add_likes(video, now, now);
  if (added != nullptr) *added = {n == 1 ? now : 0.0f, now, now, {}};
  const size_t window = bundle_.co_watch.window;
  for (size_t i = liked.size() > window ? liked.size() - window : 0; i < liked.size(); ++i) {
    uint32_t other = liked[i];
    if (other == video) continue;
    add_pair(video, other, now);
    if (added != nullptr) added->pairs.emplace_back(other, now);
  }
}

void CoWatch::weigh_anew(std::span<const uint32_t> liked, float by) {
  // A pair may have been given up and come back since: what is taken away is at most what is there.
  auto changed = [by](float count) { return std::max(count + by, 0.0f); };
  auto change_pair = [&](Row& of, uint32_t neighbour) {
    for (Neighbour& n : of.neighbours) {
      if (n.video != neighbour) continue;
      n.count = changed(n.count);
      return;
    }
  };
  c_.everybody = changed(c_.everybody);
  for (size_t i = 0; i < liked.size(); ++i) {
    Row& own = row(liked[i]);
    set_positives(liked[i], changed(own.positives));
    own.likes = changed(own.likes);
    own.stale = true;
    for (size_t j = i > bundle_.co_watch.window ? i - bundle_.co_watch.window : 0; j < i; ++j) {
      // Rows of those before are there already.
      change_pair(c_.rows[liked[i]], liked[j]);
      change_pair(c_.rows[liked[j]], liked[i]);
    }
  }
}

void CoWatch::add_likes(uint32_t video, float positives, float likes) {
  Row& own = row(video);
  set_positives(video, own.positives + positives);
  own.likes += likes;
  own.stale = true;
}

void CoWatch::add_pair(uint32_t a, uint32_t b, float amount) {
  // A reference would not outlive the growth of the rows.
  row(a).stale = true;
  row(b).stale = true;
  add_neighbour(c_.rows[a], b, amount);
  add_neighbour(c_.rows[b], a, amount);
}

void CoWatch::add_neighbour(Row& of, uint32_t neighbour, float amount) {
  auto& list = of.neighbours;
  for (Neighbour& n : list) {
    if (n.video == neighbour) {
      n.count += amount;
      return;
    }
  }
  if (list.size() < bundle_.co_watch.neighbours_max) {
    base::make_room(list, bundle_.co_watch.neighbours_max);
    list.push_back({neighbour, amount, 0});
    return;
  }
  auto weakest = list.begin();
  float least = strength(*weakest);
  for (auto at = list.begin() + 1; at != list.end(); ++at) {
    float s = strength(*at);
    if (s < least || (s == least && at->video > weakest->video)) {
      weakest = at;
      least = s;
    }
  }
  *weakest = {neighbour, amount, 0};
}

void CoWatch::solve_some() {
  const auto count = static_cast<uint32_t>(c_.rows.size());
  uint32_t solved = 0;
  uint32_t looks = std::min(count, bundle_.co_watch.solve_per_tick * kLooks);
  for (uint32_t i = 0; i < looks && solved < bundle_.co_watch.solve_per_tick; ++i) {
    if (c_.next >= count) c_.next = 0;
    uint32_t video = c_.next++;
    if (!c_.rows[video].stale) continue;
    solve(video);
    ++solved;
  }
}

void CoWatch::rank(Row& row) const {
  auto& list = row.neighbours;
  std::vector<std::pair<float, size_t>> order(list.size());
  for (size_t i = 0; i < list.size(); ++i) order[i] = {strength(list[i]), i};
  std::sort(order.begin(), order.end(), [&list](const auto& a, const auto& b) {
    if (a.first != b.first) return a.first > b.first;
    return list[a.second].video < list[b.second].video;
  });
  std::vector<Neighbour> sorted;
  sorted.reserve(list.size());
  for (const auto& [s, i] : order) sorted.push_back(list[i]);
  list = std::move(sorted);
}

void CoWatch::carry(const CoWatch& from) {
  c_ = from.c_;
  derive();
  const auto& was = from.bundle_.co_watch;
  const auto& options = bundle_.co_watch;
  if (was.neighbours_max == options.neighbours_max &&
      was.neighbours_solved == options.neighbours_solved &&
      was.regularization == options.regularization && was.dropout == options.dropout) {
    return;
  }
  for (Row& row : c_.rows) {
    if (row.neighbours.size() > options.neighbours_max) {
      rank(row);
      row.neighbours.resize(options.neighbours_max);
    }
    row.solved = std::min(row.solved, static_cast<uint32_t>(row.neighbours.size()));
    row.stale = row.stale || row.positives > 0 || !row.neighbours.empty();
  }
}

void CoWatch::solve(uint32_t video) {
  Row& own = c_.rows[video];
  own.stale = false;
  auto& list = own.neighbours;
  // Those of the model come first in the list, so that a score reads no more than it must; what the
  // model does not use keeps its count.
  rank(own);
  for (Neighbour& n : list) n.weight = 0;
  size_t m = std::min<size_t>(list.size(), bundle_.co_watch.neighbours_solved);
  own.solved = static_cast<uint32_t>(m);

  // The system: the neighbours, then everybody.
  const float lambda = bundle_.co_watch.regularization;
  const float dropout = bundle_.co_watch.dropout;
  const float diagonal = 1.0f / (1.0f - dropout);  // of a count: itself and its share of D
  const size_t size = m + 1;
  std::vector<float> a(size * size, 0.0f);
  std::vector<float> b(size, 0.0f);
  place_.resize(std::max(place_.size(), c_.rows.size()), -1);
  for (size_t i = 0; i < m; ++i) place_[list[i].video] = static_cast<int32_t>(i);
  for (size_t i = 0; i < m; ++i) {
    const Neighbour& neighbour = list[i];
    const Row& its = c_.rows[neighbour.video];
    a[i * size + i] = its.positives * diagonal + lambda;
    a[i * size + m] = a[m * size + i] = its.likes;
    b[i] = neighbour.count;
    for (const Neighbour& n : its.neighbours) {
      int32_t j = place_[n.video];
      if (j < 0) continue;
      // One of the two lists may have given the pair up: the larger count is the better.
      float known = std::max(a[i * size + static_cast<size_t>(j)], n.count);
      a[i * size + static_cast<size_t>(j)] = a[static_cast<size_t>(j) * size + i] = known;
    }
  }
  for (size_t i = 0; i < m; ++i) place_[list[i].video] = -1;
  a[m * size + m] = c_.everybody * diagonal + lambda;
  b[m] = own.likes;
  if (!solve_symmetric(a, b)) {
    // Counts that lists have given up can make a system that no counts make: each by itself then.
    for (size_t i = 0; i < m; ++i) {
      const Neighbour& n = list[i];
      b[i] = n.count / (c_.rows[n.video].positives + lambda) / static_cast<float>(size);
    }
    b[m] = own.likes / (c_.everybody + lambda);
  }
  for (size_t i = 0; i < m; ++i) list[i].weight = b[i];
  own.intercept = b[m];
}

float CoWatch::score(uint32_t video, const LikedSet& liked) const {
  const Row* own = find(video);
  if (own == nullptr) return 0;
  float sum = own->intercept;
  for (const Neighbour& n : own->model()) {
    if (liked.contains(n.video)) sum += n.weight;
  }
  return sum;
}

uint32_t CoWatch::support(uint32_t video, const LikedSet& liked) const {
  const Row* own = find(video);
  if (own == nullptr) return 0;
  return static_cast<uint32_t>(std::count_if(
      own->neighbours.begin(), own->neighbours.end(),
      [&liked](const Neighbour& n) { return n.weight > 0 && liked.contains(n.video); }));
}

float CoWatch::popularity(uint32_t video) const {
  const Row* own = find(video);
  return own == nullptr || !(c_.everybody > 0) ? 0 : own->likes / c_.everybody;
}

float CoWatch::lift(uint32_t video, const LikedSet& liked) const {
  if (find(video) == nullptr || liked.videos().empty()) return 0;
  float here = std::max(score(video, liked), 0.0f) + kLiftFloor;
  float anybody = popularity(video) + kLiftFloor;
  return std::clamp(kernels::log(here / anybody), -kLiftMax, kLiftMax);
}

std::vector<std::pair<uint32_t, float>> CoWatch::neighbours_of(const LikedSet& liked) const {
  std::vector<std::pair<uint32_t, float>> out;
  size_t skip = liked.videos().size() > bundle_.co_watch.window
                    ? liked.videos().size() - bundle_.co_watch.window
                    : 0;
  auto latest = liked.videos().subspan(skip);
  size_t entries = 0;
  for (uint32_t video : latest) {
    if (const Row* its = find(video)) entries += its->neighbours.size();
  }
  if (entries == 0) return out;
  // Open addressing: place in `out` + 1, by video.
  std::vector<uint32_t> index(std::bit_ceil(entries * 2), 0);
  const size_t mask = index.size() - 1;
  const float lambda = bundle_.co_watch.regularization;
  for (size_t i = latest.size(); i-- > 0;) {
    const Row* its = find(latest[i]);
    if (its == nullptr) continue;
    for (const Neighbour& n : its->neighbours) {
      if (liked.contains(n.video)) continue;
      size_t at = (n.video * 2654435761u >> 7) & mask;
      while (index[at] != 0 && out[index[at] - 1].first != n.video) at = (at + 1) & mask;
      if (index[at] == 0) {
        out.emplace_back(n.video, 0.0f);
        index[at] = static_cast<uint32_t>(out.size());
      }
      out[index[at] - 1].second += n.count / (c_.rows[n.video].positives + lambda);
    }
  }
  return out;
}

Result<void> CoWatch::restore(Contents contents, size_t videos) {
  auto sane = [](float x) { return x >= 0 && x < 1e30f; };
  if (contents.rows.size() > videos || !sane(contents.everybody)) {
    return corrupt("co-watch: more rows than videos, or a count that is none");
  }
  for (const Row& row : contents.rows) {
    bool fits = sane(row.positives) && sane(row.likes) &&
                row.neighbours.size() <= bundle_.co_watch.neighbours_max &&
                row.solved <= row.neighbours.size();
    for (const Neighbour& n : row.neighbours) {
      fits = fits && n.video < contents.rows.size() && sane(n.count) && n.weight == n.weight;
    }
    if (!fits) return corrupt("co-watch: a neighbour does not fit");
  }
  c_ = std::move(contents);
  derive();
  return {};
}

}  // namespace rondo::recommender::retrieval
