#include "recommender/reranker/value_model.h"

#include "recommender/kernels/math.h"

namespace rondo::recommender::reranker {
namespace {

constexpr std::array<std::string_view, kTerms> kNames{
    "finish",         "watch",     "like",    "skip",     "topic_affinity", "author_affinity",
    "follows_author", "freshness", "novelty", "co_watch", "popularity"};

}  // namespace

std::string_view term_name(Term term) { return kNames[static_cast<size_t>(term)]; }

float term_weight(const Bundle& b, Term term) {
  switch (term) {
    case Term::kFinish:
      return b.head(Head::kFinish).value_weight;
    case Term::kWatch:
      return b.head(Head::kWatch).value_weight;
    case Term::kLike:
      return b.head(Head::kLike).value_weight;
    case Term::kSkip:
      return b.head(Head::kSkip).value_weight;
    case Term::kTopicAffinity:
      return b.value.topic_affinity;
    case Term::kAuthorAffinity:
      return b.value.author_affinity;
    case Term::kFollowsAuthor:
      return b.value.follows_author;
    case Term::kFreshness:
      return b.value.freshness;
    case Term::kNovelty:
      return b.value.novelty;
    case Term::kCoWatch:
      return b.value.co_watch;
    case Term::kPopularity:
      return b.value.popularity;
  }
  return 0;
}

Scored score(const State& s, const ranker::UserSide& user, const features::ViewerContext& context,
             uint32_t video, log::v1::Source source) {
  Scored out;
  out.video = video;
  out.source = source;
  features::FeatureVector features = context.features(video, 0);
  ranker::ItemSide item = s.model.item(ranker::item_fields(s.catalogue, video));
  ranker::Logits logits = s.model.logits(user, item, features);
  auto set = [&out](Term term, float value) { out.values[static_cast<size_t>(term)] = value; };
  auto probability = [&logits](Head h) { return kernels::sigmoid(logits[static_cast<size_t>(h)]); };
  auto feature = [&features](Feature f) { return features[static_cast<size_t>(f)]; };
  set(Term::kFinish, probability(Head::kFinish));
  set(Term::kWatch, probability(Head::kWatch));
  set(Term::kLike, probability(Head::kLike));
  set(Term::kSkip, probability(Head::kSkip));
  set(Term::kTopicAffinity, feature(Feature::kTopicAffinity));
  set(Term::kAuthorAffinity, feature(Feature::kAuthorAffinity));
  set(Term::kFollowsAuthor, feature(Feature::kFollowsAuthor));
  set(Term::kFreshness, feature(Feature::kFreshness));
  set(Term::kNovelty, feature(Feature::kTopicNovelty));
  set(Term::kCoWatch, s.co_watch.score(video, context.liked()));
  set(Term::kPopularity, s.co_watch.popularity(video));
  for (size_t t = 0; t < kTerms; ++t) {
    out.contributions[t] = term_weight(s.bundle, static_cast<Term>(t)) * out.values[t];
    out.score += out.contributions[t];
  }
  return out;
}

}  // namespace rondo::recommender::reranker
