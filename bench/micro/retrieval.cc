// Personal retrieval from a million videos: the exact scan and the inverted file, in one run.
//
// Vectors are made as the towers make them: a video's is the sum of its author's, of the mean of
// its topics', and of its own, topics lying about their genres; biases fall off as popularity does.
// Queries are tastes: twenty likes of three topics. A harder set has no structure at all. Recall is
// of the 100 best by the full vectors, found by codes and told apart in full, as a page does it.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/random.h"
#include "micro/warm_engine.h"
#include "recommender/retrieval/top_k.h"
#include "recommender/retrieval/towers.h"
#include "support/options.h"
#include "support/report.h"

namespace rondo::bench {
namespace {

using recommender::Bundle;
using recommender::retrieval::TopK;
using recommender::retrieval::Towers;

constexpr uint32_t kGenres = 25, kTopics = 500, kVideosAnAuthor = 20;
constexpr uint32_t kBest = 100, kLikes = 20, kTopicsLiked = 3;

double ms_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

class Vectors {
 public:
  Vectors(size_t dimensions, uint32_t videos, bool structured)
      : d_(dimensions), structured_(structured), rng_(7) {
    const auto genres = rows(kGenres, 1.0f);
    auto topics = rows(kTopics, 0.7f);
    for (size_t t = 0; t < kTopics; ++t) add(topics, t, genres, t % kGenres, 1.0f);
    const auto authors = rows(videos / kVideosAnAuthor + 1, 0.6f);
    contents_.vectors = rows(videos, structured ? 0.4f : 1.0f);
    by_topic_.resize(kTopics);
    for (uint32_t v = 0; v < videos; ++v) {
      // Few videos have most of the likes.
      const double rank = 1 + static_cast<double>(rng_.below(videos));
      contents_.biases.push_back(static_cast<float>(0.3 * std::log(videos / rank)));
      const size_t main = rng_.below(kTopics);
      by_topic_[main].push_back(v);
      if (!structured) continue;
      add(contents_.vectors, v, topics, main, 0.5f);
      add(contents_.vectors, v, topics, rng_.below(kTopics), 0.5f);
      add(contents_.vectors, v, authors, rng_.below(authors.size() / d_), 1.0f);
    }
  }

  Towers::Contents contents(const Towers& empty) const {
    Towers::Contents out = empty.contents();
    out.vectors = contents_.vectors;
    out.biases = contents_.biases;
    return out;
  }
  std::vector<uint32_t> likes() {
    std::vector<uint32_t> out;
    std::array<size_t, kTopicsLiked> topics;
    for (size_t& topic : topics) topic = rng_.below(kTopics);
    while (out.size() < kLikes) {
      const auto& of_topic = by_topic_[topics[out.size() % kTopicsLiked]];
      out.push_back(of_topic[rng_.below(of_topic.size())]);
    }
    return out;
  }

 private:
  float normal() {
    const double u = (static_cast<double>(rng_.below(1 << 24)) + 1) / (1 << 24);
    const double v = static_cast<double>(rng_.below(1 << 24)) / (1 << 24);
    return static_cast<float>(std::sqrt(-2 * std::log(u)) * std::cos(6.283185307179586 * v));
  }
  std::vector<float> rows(size_t count, float deviation) {
    std::vector<float> out(count * d_);
    for (float& x : out) x = deviation * normal();
    return out;
  }
  void add(std::vector<float>& to, size_t at, const std::vector<float>& from, size_t row,
           float weight) const {
    for (size_t i = 0; i < d_; ++i) to[at * d_ + i] += weight * from[row * d_ + i];
  }

  const size_t d_;
  const bool structured_;
  base::Rng rng_;
  Towers::Contents contents_;
  std::vector<std::vector<uint32_t>> by_topic_;
};

// The best of what was found by codes, told apart in full; ascending by index.
std::vector<uint32_t> best_of(const Towers& towers, std::span<const float> query,
                              TopK<float>& coarse) {
  TopK<float> full(kBest);
  for (const auto& one : coarse.best()) full.offer(towers.score(query, one.index), one.index);
  std::vector<uint32_t> out;
  for (const auto& one : full.best()) out.push_back(one.index);
  std::sort(out.begin(), out.end());
  return out;
}

double overlap(const std::vector<uint32_t>& found, const std::vector<uint32_t>& truth) {
  std::vector<uint32_t> both;
  std::set_intersection(found.begin(), found.end(), truth.begin(), truth.end(),
                        std::back_inserter(both));
  return static_cast<double>(both.size()) / static_cast<double>(truth.size());
}

struct RetrievalOptions {
  uint32_t videos = 1'000'000;
  uint32_t queries = 100;
  float share = Bundle::defaults().towers.probed_share;
};

Result<void> bench(Report& report, const RetrievalOptions& options, bool structured) {
  const uint32_t videos = options.videos;
  const std::string name = structured ? "retrieval" : "retrieval.unstructured";
  Bundle bundle = Bundle::defaults();
  bundle.towers.probed_share = options.share;
  const recommender::features::Catalogue none(bundle);
  Towers towers(bundle);
  Vectors vectors(towers.dimensions(), videos, structured);
  RD_CHECK(towers.restore(vectors.contents(towers), videos));
  Samples tick_ms;
  while (!towers.has_lists()) {
    const double start = thread_cpu_seconds();
    towers.sweep(none, 0);
    tick_ms.add(1000 * (thread_cpu_seconds() - start));
  }
  const size_t coarse_count = 2 * bundle.candidates.personal;
  Samples scan_ms, probe_ms, scan_recall, probe_recall, read;
  std::vector<float> scores(videos);
  for (uint32_t i = 0; i < options.queries; ++i) {
    const auto query = towers.query(towers.taste(vectors.likes()));
    TopK<float> truth(videos);
    for (uint32_t v = 0; v < videos; ++v) truth.offer(towers.score(query, v), v);
    std::vector<uint32_t> best;
    for (const auto& one : truth.best().first(kBest)) best.push_back(one.index);
    std::sort(best.begin(), best.end());

    TopK<float> scanned(coarse_count);
    auto start = std::chrono::steady_clock::now();
    towers.scan(query, scores);
    for (uint32_t v = 0; v < videos; ++v) scanned.offer(scores[v], v);
    scan_ms.add(ms_since(start));
    scan_recall.add(overlap(best_of(towers, query, scanned), best));

    TopK<float> probed(coarse_count);
    size_t count = 0;
    start = std::chrono::steady_clock::now();
    towers.probe(query, [&](uint32_t video, float score) {
      ++count;
      probed.offer(score, video);
    });
    probe_ms.add(ms_since(start));
    read.add(static_cast<double>(count) / videos);
    probe_recall.add(overlap(best_of(towers, query, probed), best));
  }
  RD_CHECK(report.add({name + ".scan.p50", scan_ms.percentile(0.5), "ms"}));
  RD_CHECK(report.add({name + ".scan.recall", scan_recall.mean(), "@100"}));
  RD_CHECK(report.add({name + ".lists.p50", probe_ms.percentile(0.5), "ms"}));
  RD_CHECK(report.add({name + ".lists.p99", probe_ms.percentile(0.99), "ms"}));
  Figure recall{name + ".lists.recall", probe_recall.mean(), "@100", {}, Bar::kAtLeast};
  if (structured) recall.bar = 0.99;
  RD_CHECK(report.add(recall));
  RD_CHECK(report.add({name + ".lists.recall.p1", probe_recall.percentile(0.01), "@100"}));
  RD_CHECK(report.add({name + ".lists.read", read.mean(), "of all"}));
  return report.add({name + ".tick.cpu.p99", tick_ms.percentile(0.99), "ms", 2 * time_allowance()});
}

}  // namespace
}  // namespace rondo::bench

int main(int argc, char** argv) {
  CLI::App app("Personal retrieval: the exact scan and the inverted file");
  std::string json;
  rondo::bench::RetrievalOptions options;
  app.add_option("--json", json, "file to append figures to, one JSON object a line");
  app.add_option("--videos", options.videos)
      ->check(CLI::Range(300'000, 16'000'000))
      ->capture_default_str();
  app.add_option("--queries", options.queries)
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  app.add_option("--share", options.share, "of the videos, in the lists that are read")
      ->check(CLI::Range(0.001, 1.0))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return rondo::bench::run([&]() -> rondo::Result<void> {
    rondo::bench::Report report(json);
    report.say(fmt::format("{} queries of {} videos", options.queries, options.videos));
    for (bool structured : {true, false}) {
      RD_CHECK(rondo::bench::bench(report, options, structured));
    }
    return {};
  });
}
