#include "recommender/reranker/value_model.h"

#include "recommender/kernels/elementwise.h"

namespace rondo::recommender::reranker {
namespace {

constexpr size_t kHeadTerms = 10;
constexpr std::array<Head, kHeadTerms> kHeadOfTerm{
    Head::kFinish, Head::kWatch,  Head::kLike, Head::kComment,       Head::kShare,
    Head::kSave,   Head::kFollow, Head::kSkip, Head::kNotInterested, Head::kReport};
constexpr std::array<std::string_view, kTerms - kHeadTerms> kDirectNames{
    "topic_affinity", "topic_lately", "author_affinity", "follows_author", "freshness",
    "novelty",        "taste",        "co_watch",        "popularity",     "asked_topic"};

}  // namespace

std::array<float, kHeads> Scored::heads() const {
  std::array<float, kHeads> out{};
  for (size_t t = 0; t < kHeadTerms; ++t) out[static_cast<size_t>(kHeadOfTerm[t])] = values[t];
  return out;
}

std::string_view term_name(Term term) {
  auto t = static_cast<size_t>(term);
  return t < kHeadTerms ? head_name(kHeadOfTerm[t]) : kDirectNames[t - kHeadTerms];
}

float term_weight(const Bundle& b, Term term) {
  switch (term) {
    case Term::kTopicAffinity:
      return b.value.topic_affinity;
    case Term::kTopicLately:
      return b.value.topic_lately;
    case Term::kAuthorAffinity:
      return b.value.author_affinity;
    case Term::kFollowsAuthor:
      return b.value.follows_author;
    case Term::kFreshness:
      return b.value.freshness;
    case Term::kNovelty:
      return b.value.novelty;
    case Term::kTaste:
      return b.value.taste;
    case Term::kCoWatch:
      return b.value.co_watch;
    case Term::kPopularity:
      return b.value.popularity;
    case Term::kAskedTopic:
      return b.value.asked_topic;
    default:
      return b.head(kHeadOfTerm[static_cast<size_t>(term)]).value_weight;
  }
}

void score(const View& s, const ranker::UserSide& user, const features::ViewerContext& context,
           std::span<const retrieval::Candidate> candidates, Scratch& scratch,
           std::vector<Scored>& out) {
  auto& [features, items, logits, pass] = scratch;
  features.clear();
  items.clear();
  for (const auto& candidate : candidates) {
    features.push_back(context.features(candidate.video, 0));
    items.push_back({s.model.vector(candidate.video), s.model.bias(candidate.video)});
  }
  logits.resize(candidates.size() * kHeads);
  s.model.logits(user, items, features, logits, pass);
  kernels::sigmoid(logits);
  std::array<float, kTerms> weights{};
  for (size_t t = 0; t < kTerms; ++t) weights[t] = term_weight(s.bundle, static_cast<Term>(t));

  out.assign(candidates.size(), {});
  for (size_t i = 0; i < candidates.size(); ++i) {
    Scored& scored = out[i];
    scored.video = candidates[i].video;
    scored.source = candidates[i].source;
    auto set = [&scored](Term t, float value) { scored.values[static_cast<size_t>(t)] = value; };
    auto feature = [&features = features, i](Feature f) {
      return features[i][static_cast<size_t>(f)];
    };
    for (size_t t = 0; t < kHeadTerms; ++t) {
      scored.values[t] = logits[i * kHeads + static_cast<size_t>(kHeadOfTerm[t])];
    }
    set(Term::kTopicAffinity, feature(Feature::kTopicAffinity));
    set(Term::kTopicLately, feature(Feature::kTopicLately));
    set(Term::kAuthorAffinity, feature(Feature::kAuthorAffinity));
    set(Term::kFollowsAuthor, feature(Feature::kFollowsAuthor));
    set(Term::kFreshness, feature(Feature::kFreshness));
    set(Term::kNovelty, feature(Feature::kTopicNovelty));
    set(Term::kTaste, feature(Feature::kTaste));
    set(Term::kAskedTopic, context.asked(s.catalogue.video(scored.video)));
    // Their values cost something, and the built-in bundle gives them no weight.
    if (s.bundle.value.co_watch != 0) {
      set(Term::kCoWatch, s.co_watch.score(scored.video, context.liked()));
    }
    if (s.bundle.value.popularity != 0) {
      set(Term::kPopularity, s.co_watch.popularity(scored.video));
    }
    for (size_t t = 0; t < kTerms; ++t) {
      scored.contributions[t] = weights[t] * scored.values[t];
      scored.score += scored.contributions[t];
    }
  }
}

}  // namespace rondo::recommender::reranker
