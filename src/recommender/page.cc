#include "recommender/page.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/random.h"
#include "recommender/engine.h"
#include "recommender/explain/explain.h"
#include "recommender/features/context.h"
#include "recommender/reranker/slate.h"
#include "recommender/reranker/value_model.h"
#include "recommender/retrieval/candidates.h"

namespace rondo::recommender {
namespace {

using log::v1::FeedRequest;
using log::v1::Served;
using reranker::Scored;
using reranker::SlateItem;

Result<void> check(const FeedRequest& request) {
  if (request.viewer_id() == 0) return invalid("rank: the viewer id is 0").with_field("viewer_id");
  if (request.limit() < 1 || request.limit() > uint32_t{kLimitMax}) {
    return invalid(fmt::format("rank: limit is {}; it is 1 to {}", request.limit(), kLimitMax))
        .with_field("limit");
  }
  if (request.held_size() > kHeldMax) {
    return invalid(fmt::format("rank: {} held slots; at most {}", request.held_size(), kHeldMax))
        .with_field("held");
  }
  if (request.exclude_size() > kExcludeMax) {
    return invalid(fmt::format("rank: {} videos excluded; at most {}", request.exclude_size(),
                               kExcludeMax))
        .with_field("exclude");
  }
  if (request.liked_by_followed_size() > kLikedByFollowedMax) {
    return invalid(fmt::format("rank: {} videos liked by people followed; at most {}",
                               request.liked_by_followed_size(), kLikedByFollowedMax))
        .with_field("liked_by_followed");
  }
  return {};
}

// Nobody can choose it: all that goes in is fixed by the log and the bundle.
base::Sha256Digest seed_of(const View& s, uint64_t viewer, uint64_t request_counter) {
  std::string bytes(base::as_bytes(s.bundle_sha256));
  base::ByteWriter writer(bytes);
  writer.put(s.partition.value());
  writer.put(s.next_offset);
  writer.put(viewer);
  writer.put(request_counter);
  return base::sha256(bytes);
}

// The videos of the slots that the viewer keeps, in the order in which they will be seen.
std::vector<uint32_t> held_videos(const View& s, const FeedRequest& request) {
  std::vector<std::pair<uint64_t, uint32_t>> places;
  for (const auto& held : request.held()) places.emplace_back(held.page_offset(), held.slot());
  std::sort(places.begin(), places.end());
  places.erase(std::unique(places.begin(), places.end()), places.end());
  std::vector<uint32_t> out;
  for (const auto& [offset, slot] : places) {
    auto page = s.pending.pages().find(offset);
    if (page == s.pending.pages().end() || page->second.viewer != request.viewer_id()) continue;
    if (slot >= page->second.slots.size()) continue;
    const auto& pending = page->second.slots[slot];
    if (pending.status != features::PendingSlot::kClosed) out.push_back(pending.video);
  }
  return out;
}

reranker::Placed place_of(const View& s, uint32_t index) {
  const auto& video = s.catalogue.video(index);
  return {video.author, video.main_topic(), s.model.vector(index)};
}

// What a video in its first hours asks for; nothing once it has had its first budget, or that is
// over.
reranker::Debut debut_of(const View& s, const features::Video& video) {
  constexpr float kDue = 1.0f / 3;        // of the time, in which it is to have it
  constexpr float kLate = 0.5f;           // of the time, from which on it is late
  constexpr float kHoursMin = 1.0f / 12;  // what is left of the time, at least
  constexpr double kHourUs = 3'600'000'000.0;
  const auto& exploration = s.bundle.exploration;
  if (video.stage != 0 || video.impressions >= exploration.budget_impressions[0]) return {};
  const uint64_t age_us = s.time_us > video.published_us ? s.time_us - video.published_us : 0;
  const auto hours = static_cast<float>(static_cast<double>(age_us) / kHourUs);
  if (hours >= exploration.debut_hours) return {};
  const auto missing = static_cast<float>(exploration.budget_impressions[0] - video.impressions);
  return {.need = missing / std::max(kDue * exploration.debut_hours - hours, kHoursMin),
          .late = hours >= kLate * exploration.debut_hours};
}

SlateItem slate_item(const View& s, const features::ViewerContext& context, const Scored& scored) {
  const auto& video = s.catalogue.video(scored.video);
  const bool is_new = s.catalogue.fresh().contains(scored.video);
  return {.video = scored.video,
          .author = video.author,
          .topic = video.main_topic(),
          .score = scored.score,
          .is_new = is_new,
          .impressions = video.impressions,
          .debut = is_new ? debut_of(s, video) : reranker::Debut{},
          .topic_is_new = context.topic_novelty(video) == 1.0f,
          .vector = s.model.vector(scored.video)};
}

// Of all viewers, as of late: at a constant rate a count that halves every hour holds 1 / ln 2
// hours' worth.
float impressions_an_hour(const View& s) {
  return 0.693147181f * s.catalogue.network().at(features::Event::kImpression,
                                                 features::Horizon::kHour, s.time_us);
}

// Who looks, as the state knows them.
struct Viewing {
  Viewing(const View& s, const FeedRequest& request)
      : viewer(s.viewers.find(request.viewer_id())),
        context(s.bundle, s.catalogue, s.co_watch, s.towers, s.model, viewer, request.language(),
                s.time_us),
        user(s.model.user(request.viewer_id(), context.pooled(),
                          s.model.history_side(context.past()))) {}

  const features::Viewer* viewer;  // none: a new one
  const features::ViewerContext context;
  const ranker::UserSide user;
};

log::v1::Source source_of(reranker::Part part, log::v1::Source found_by) {
  switch (part) {
    case reranker::Part::kUniform:
      return log::v1::SOURCE_EXPLORATION;
    case reranker::Part::kNewVideo:
      return log::v1::SOURCE_FRESH;
    case reranker::Part::kNewTopic:
      return log::v1::SOURCE_EXPLORATION;
    case reranker::Part::kGreedy:
      return found_by;
  }
  return found_by;
}

// One arm's side of a page: who looks, the scored candidates, and the slate that they make.
class Ranking {
 public:
  Ranking(const View& view, const FeedRequest& request, std::span<const uint32_t> held,
          base::Rng& rng, Scratch::Arm& scratch)
      : s_(view),
        scratch_(scratch),
        viewing_(s_, request),
        request_(request),
        set_(retrieval::gather(s_, viewing_.context, request, barred(s_, request, held), rng,
                               scratch.gather)),
        scored_(scored()),
        items_(items()),
        slate_(s_.bundle, items_, set_.pool, before(held), request.limit(),
               {viewing_.context.outcomes(), impressions_an_hour(s_)}, rng) {}
  Ranking(const Ranking&) = delete;
  Ranking& operator=(const Ranking&) = delete;

  const features::ViewerContext& context() const { return viewing_.context; }
  size_t candidates() const { return scored_.size(); }
  reranker::Slate& slate() { return slate_; }

  // The slot of what this arm has drawn.
  void fill(const reranker::Slate::Draw& draw, log::v1::ServedSlot& slot) {
    auto at = std::find_if(scored_.begin(), scored_.end(),
                           [&](const Scored& c) { return c.video == draw.video; });
    // A uniform draw may hit what no source had found: it is scored like the rest.
    Scored chosen;
    if (at != scored_.end()) {
      chosen = *at;
    } else {
      retrieval::Candidate met_by_chance{draw.video, log::v1::SOURCE_EXPLORATION};
      std::vector<Scored> one;
      reranker::score(s_, viewing_.user, viewing_.context, std::span(&met_by_chance, 1),
                      scratch_.score, one);
      chosen = one.front();
    }
    chosen.source = source_of(draw.part, chosen.source);
    slot.set_video_id(s_.catalogue.video(draw.video).id);
    slot.set_source(chosen.source);
    explain::explain_slot(s_, viewing_.context, request_, chosen, slot);
  }
  // Whoever has drawn it, it is on the page.
  void place(uint32_t video) { slate_.place(video, place_of(s_, video)); }

 private:
  static std::vector<uint32_t> barred(const View& s, const FeedRequest& request,
                                      std::span<const uint32_t> held) {
    std::vector<uint32_t> out(held.begin(), held.end());
    for (uint64_t id : request.exclude()) {
      if (auto video = s.catalogue.find_video(id)) out.push_back(*video);
    }
    return out;
  }
  const std::vector<Scored>& scored() {
    reranker::score(s_, viewing_.user, viewing_.context, set_.candidates, scratch_.score,
                    scratch_.scored);
    return scratch_.scored;
  }
  const std::vector<SlateItem>& items() {
    scratch_.items.clear();
    for (const Scored& one : scored_) {
      scratch_.items.push_back(slate_item(s_, viewing_.context, one));
    }
    return scratch_.items;
  }
  // What was just seen counts too, but for what is held: the video on screen is both.
  std::vector<reranker::Placed> before(std::span<const uint32_t> held) const {
    std::vector<reranker::Placed> out;
    if (viewing_.viewer != nullptr) {
      const auto& history = viewing_.viewer->history;
      size_t recent = std::min<size_t>(history.size(), s_.bundle.rules.window_slots);
      for (size_t i = history.size() - recent; i < history.size(); ++i) {
        if (std::find(held.begin(), held.end(), history[i].video) != held.end()) continue;
        out.push_back(place_of(s_, history[i].video));
      }
    }
    for (uint32_t video : held) out.push_back(place_of(s_, video));
    return out;
  }

  const View s_;
  Scratch::Arm& scratch_;
  const Viewing viewing_;
  const FeedRequest& request_;
  const retrieval::CandidateSet set_;
  const std::vector<Scored>& scored_;  // in the scratch memory, as the items are
  const std::vector<SlateItem>& items_;
  reranker::Slate slate_;
};

// Slot by slot from one arm.
void fill_page(Ranking& ranking, base::Rng& rng, Served& page) {
  while (!ranking.slate().done()) {
    auto draw = ranking.slate().draw(ranking.slate().distribution(), rng);
    log::v1::ServedSlot& slot = *page.add_slots();
    ranking.fill(draw, slot);
    slot.set_propensity(static_cast<float>(draw.propensity));
    ranking.place(draw.video);
  }
}

// Team draft: in each round of two slots a coin says who draws first, then the other draws. What
// one has placed is placed for both. Before the coin a video may come from either: its propensity
// is the mean of both; after it, that of whose turn it is.
void draft_page(std::array<Ranking*, 2> teams, base::Rng& rng, Served& page) {
  constexpr std::array<Assignment, 2> kTeams{Assignment::kControl, Assignment::kTreatment};
  size_t turn = 0;
  bool tossed = false;  // the coin of this round
  while (!teams[0]->slate().done()) {
    turn = tossed ? 1 - turn : rng.below(2);
    reranker::Slate& slate = teams[turn]->slate();
    auto draw = slate.draw(slate.distribution(), rng);
    double propensity = draw.propensity;
    if (!tossed) {
      const reranker::Slate& other = teams[1 - turn]->slate();
      propensity = 0.5 * (propensity + other.propensity(other.distribution(), draw.video));
    }
    tossed = !tossed;
    log::v1::ServedSlot& slot = *page.add_slots();
    teams[turn]->fill(draw, slot);
    slot.set_propensity(static_cast<float>(propensity));
    slot.set_team(std::string(arm_name(kTeams[turn])));
    for (Ranking* team : teams) team->place(draw.video);
  }
}

}  // namespace

Result<Served> rank_page(const State& state, const FeedRequest& request, Scratch& scratch) {
  RD_CHECK(check(request));
  const Assignment assignment =
      state.experiment ? assign(*state.experiment, request.viewer_id()) : Assignment::kNone;
  const Arm& arm = assignment == Assignment::kTreatment ? *state.arms.back() : state.active();
  View s(state, arm);
  const features::Viewer* viewer = s.viewers.find(request.viewer_id());
  uint64_t counter = viewer == nullptr ? 0 : viewer->pages;
  base::Sha256Digest seed = seed_of(s, request.viewer_id(), counter);
  base::Rng rng(seed);
  std::vector<uint32_t> held = held_videos(s, request);

  Served page;
  *page.mutable_request() = request;
  page.mutable_request()->set_request_counter(counter);
  page.set_bundle_sha256(std::string(base::as_bytes(s.bundle_sha256)));
  page.set_engine_version(std::string(kEngineVersion));
  page.set_ranked_at_offset(s.next_offset);
  page.set_seed(std::string(base::as_bytes(seed)));
  page.set_state_time_us(s.time_us);
  if (assignment != Assignment::kNone) {
    page.set_experiment(state.experiment->name);
    page.set_arm(std::string(arm_name(assignment)));
  }

  Ranking ranking(s, request, held, rng, scratch.arms[0]);
  size_t candidates = ranking.candidates();
  if (assignment == Assignment::kInterleaved) {
    const Arm& other = *state.arms.back();
    Ranking treatment(View(state, other), request, held, rng, scratch.arms[1]);
    candidates += treatment.candidates();
    page.set_treatment_sha256(std::string(base::as_bytes(other.bundle_sha256)));
    draft_page({&ranking, &treatment}, rng, page);
  } else {
    fill_page(ranking, rng, page);
  }
  page.set_candidates(static_cast<uint32_t>(candidates));
  page.set_exhausted(page.slots_size() < static_cast<int>(request.limit()));
  explain::explain_learned(s, ranking.context(), page);
  return page;
}

Result<std::vector<VideoScore>> score_videos(const State& state, const FeedRequest& request,
                                             std::span<const uint64_t> videos, Scratch& scratch) {
  RD_CHECK(check(request));
  View s(state, state.active());
  Viewing viewing(s, request);
  std::vector<VideoScore> out(videos.size());
  std::vector<retrieval::Candidate> candidates;
  std::vector<size_t> places;
  for (size_t i = 0; i < videos.size(); ++i) {
    auto video = s.catalogue.find_video(videos[i]);
    if (!video || !retrieval::is_servable(s, viewing.context, *video)) continue;
    candidates.push_back({*video, log::v1::SOURCE_UNSPECIFIED});
    places.push_back(i);
  }
  std::vector<Scored>& scored = scratch.arms[0].scored;
  reranker::score(s, viewing.user, viewing.context, candidates, scratch.arms[0].score, scored);
  for (size_t i = 0; i < scored.size(); ++i) {
    VideoScore& to = out[places[i]];
    to.servable = true;
    to.score = scored[i].score;
    to.heads = scored[i].heads();
  }
  return out;
}

}  // namespace rondo::recommender
