#include "recommender/explain/explain.h"

#include <algorithm>
#include <string>
#include <vector>

namespace rondo::recommender::explain {
namespace {

using features::HistoryEntry;
using features::Viewer;
using reranker::Term;

// A change of affinity below this is nothing to speak of.
constexpr float kLearnedMin = 0.03f;
// Beside any affinity: what the viewer has said outright.
constexpr float kPutOut = 2.0f;

struct Tally {
  uint32_t finished = 0;
  uint32_t liked = 0;
  uint32_t skipped = 0;
};

template <typename Concerns>
Tally tally(const Viewer* viewer, Concerns concerns) {
  Tally out;
  if (viewer == nullptr) return out;
  for (const HistoryEntry& e : viewer->history) {
    if (!concerns(e.video)) continue;
    out.finished += (e.flags & HistoryEntry::kFinished) != 0 ? 1 : 0;
    out.liked += (e.flags & HistoryEntry::kLiked) != 0 ? 1 : 0;
    out.skipped += (e.flags & HistoryEntry::kSkipped) != 0 ? 1 : 0;
  }
  return out;
}

struct Weighed {
  float strength;
  log::v1::Reason reason;
};

void topic_reasons(const View& s, const features::ViewerContext& context,
                   const features::Video& video, std::vector<Weighed>& out) {
  float share = 1;
  for (uint32_t topic : video.topic_list()) {
    Tally t = tally(context.viewer(), [&](uint32_t v) {
      auto list = s.catalogue.video(v).topic_list();
      return std::find(list.begin(), list.end(), topic) != list.end();
    });
    const float leaning = context.topic_leaning(topic);
    auto add = [&](const char* kind, uint32_t count, float strength) {
      Weighed& w = out.emplace_back();
      w.strength = strength;
      w.reason.set_kind(kind);
      w.reason.set_subject(s.catalogue.topics()[topic].name);
      w.reason.set_count(count);
    };
    if (leaning > 0 && t.liked > 0) add("topic_liked", t.liked, share * leaning * 1.01f);
    if (leaning > 0 && t.finished > 0) add("topic_finished", t.finished, share * leaning);
    if (leaning < 0 && t.skipped > 0) add("topic_skipped", t.skipped, -share * leaning);
    share *= topic == video.topics[0] ? s.bundle.affinity.minor_topic : 1.0f;
  }
}

// What the viewer has said outright about its topics.
void asked_reasons(const View& s, const features::ViewerContext& context,
                   const features::Video& video, std::vector<Weighed>& out) {
  for (uint32_t topic : video.topic_list()) {
    float level = context.asked_level(topic);
    if (level == 0) continue;
    float size = level < 0 ? -level : level;
    Weighed& w = out.emplace_back();
    w.strength = s.bundle.value.asked_topic * size;
    w.reason.set_kind(level < 0 ? "asked_less" : "asked_more");
    w.reason.set_subject(s.catalogue.topics()[topic].name);
    w.reason.set_count(static_cast<uint32_t>(size * features::kLevelMax + 0.5f));
  }
}

void author_reasons(const View& s, const features::ViewerContext& context,
                    const features::Video& video, const reranker::Scored& scored,
                    std::vector<Weighed>& out) {
  std::string author = std::to_string(s.catalogue.authors()[video.author].id);
  auto add = [&](const char* kind, uint32_t count, Term term) {
    Weighed& w = out.emplace_back();
    w.strength = scored.contributions[static_cast<size_t>(term)];
    w.reason.set_kind(kind);
    w.reason.set_subject(author);
    w.reason.set_count(count);
  };
  Tally t = tally(context.viewer(),
                  [&](uint32_t v) { return s.catalogue.video(v).author == video.author; });
  if (context.follows(video.author)) add("follows_author", 1, Term::kFollowsAuthor);
  if (t.finished > 0 && context.author_affinity(video.author) > 0) {
    add("author_finished", t.finished, Term::kAuthorAffinity);
  }
}

// From this lift on, what others liked is worth speaking of.
constexpr float kLiftMin = 0.2f;

void co_watch_reason(const View& s, const features::ViewerContext& context, uint32_t video,
                     std::vector<Weighed>& out) {
  float lift = s.co_watch.lift(video, context.liked());
  uint32_t support = s.co_watch.support(video, context.liked());
  if (lift < kLiftMin || support == 0) return;
  Weighed& w = out.emplace_back();
  w.strength = lift * s.bundle.head(Head::kFinish).value_weight *
               s.bundle.head(Head::kFinish).features[static_cast<size_t>(Feature::kCoWatchLift)];
  w.reason.set_kind("co_watched");
  w.reason.set_count(support);
}

uint32_t people_who_like(const log::v1::FeedRequest& request, uint64_t video) {
  for (const auto& liked : request.liked_by_followed()) {
    if (liked.video_id() == video) return liked.people();
  }
  return 0;
}

void source_reason(const View& s, const features::ViewerContext& context,
                   const log::v1::FeedRequest& request, const reranker::Scored& scored,
                   std::vector<Weighed>& out) {
  const char* kind = nullptr;
  float strength = 0.05f;  // after what the viewer did, before what barely counted
  uint32_t count = 0;
  std::string subject;
  const features::Video& video = s.catalogue.video(scored.video);
  switch (scored.source) {
    case log::v1::SOURCE_LIKED_BY_FOLLOWED:
      kind = "liked_by_followed";
      strength = 5;  // no number of the score says it
      count = people_who_like(request, video.id);
      break;
    case log::v1::SOURCE_SOUND:
      kind = "sound_liked";
      for (uint32_t liked : context.liked().videos()) {
        count += s.catalogue.video(liked).sound_id == video.sound_id ? 1 : 0;
      }
      break;
    case log::v1::SOURCE_TRENDING_REGION:
      kind = "trending_region";
      subject = request.region();
      break;
    case log::v1::SOURCE_TRENDING:
      kind = "trending";
      break;
    case log::v1::SOURCE_FRESH:
      kind = "fresh";
      break;
    case log::v1::SOURCE_EXPLORATION:
      kind = "exploration";
      strength = 10;  // it is why, whatever else is true
      break;
    default:
      return;
  }
  Weighed& w = out.emplace_back();
  w.strength = strength;
  w.reason.set_kind(kind);
  w.reason.set_count(count);
  w.reason.set_subject(std::move(subject));
}

}  // namespace

void explain_slot(const View& s, const features::ViewerContext& context,
                  const log::v1::FeedRequest& request, const reranker::Scored& scored,
                  log::v1::ServedSlot& slot) {
  slot.set_score(scored.score);
  for (size_t t = 0; t < reranker::kTerms; ++t) {
    auto term = static_cast<Term>(t);
    auto& out = *slot.add_terms();
    out.set_name(std::string(reranker::term_name(term)));
    out.set_value(scored.values[t]);
    out.set_weight(reranker::term_weight(s.bundle, term));
    out.set_contribution(scored.contributions[t]);
  }
  const features::Video& video = s.catalogue.video(scored.video);
  std::vector<Weighed> reasons;
  asked_reasons(s, context, video, reasons);
  topic_reasons(s, context, video, reasons);
  co_watch_reason(s, context, scored.video, reasons);
  author_reasons(s, context, video, scored, reasons);
  source_reason(s, context, request, scored, reasons);
  std::stable_sort(reasons.begin(), reasons.end(),
                   [](const Weighed& a, const Weighed& b) { return a.strength > b.strength; });
  for (size_t i = 0; i < std::min(reasons.size(), kReasonsMax); ++i) {
    *slot.add_reasons() = reasons[i].reason;
  }
}

void explain_learned(const View& s, const features::ViewerContext& context, log::v1::Served& page) {
  const Viewer* viewer = context.viewer();
  if (viewer == nullptr) return;
  struct Change {
    float strength;
    log::v1::Learned learned;
  };
  std::vector<Change> changes;
  for (const auto& t : viewer->touched) {
    float now = viewer->topics.value(t.topic, s.time_s(), s.bundle.affinity);
    float change = now - t.before;
    bool put_out = t.not_interested > 0;
    if (!put_out && change < kLearnedMin && change > -kLearnedMin) continue;
    Change& c = changes.emplace_back();
    c.strength = put_out ? kPutOut : (change < 0 ? -change : change);
    c.learned.set_topic(s.catalogue.topics()[t.topic].name);
    c.learned.set_more(!put_out && change > 0);
    c.learned.set_finished(t.finished);
    c.learned.set_skipped(t.skipped);
    c.learned.set_liked(t.liked);
    c.learned.set_not_interested(t.not_interested);
  }
  std::sort(changes.begin(), changes.end(), [](const Change& a, const Change& b) {
    if (a.strength != b.strength) return a.strength > b.strength;
    return a.learned.topic() < b.learned.topic();
  });
  for (size_t i = 0; i < std::min(changes.size(), kLearnedMax); ++i) {
    *page.add_learned() = changes[i].learned;
  }
}

}  // namespace rondo::recommender::explain
