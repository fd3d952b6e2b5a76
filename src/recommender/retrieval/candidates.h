// Candidates for a page: several sources over what the viewer may meet, each bounded by the bundle.
//
// - personal: the two towers' inner product over the whole catalogue (towers.h), or where that is
//   very large over the lists of it that may hold the best (ivf.h). Needs likes.
// - match: videos of topics and authors that the viewer has an affinity for, or of topics asked
//   for, by how much.
// - followed: newest of the authors whom the viewer follows.
// - liked by followed: what the request says that people whom the viewer follows like; who they are
//   the engine does not know.
// - sound: videos with the sound of the viewer's latest likes.
// - co-watch: what others liked beside the viewer's latest likes.
// - trending in the region: what others there finish now (regional_trends.h).
// - trending: what others finish now (forward-decayed merit); half in the viewer's language.
// - fresh: newest within their exploration budget.
// - the best of each topic, as trending or fresh, so that every topic can be met.
// - exploration: drawn uniformly from the rest of the pool; all of it when it is small.
//
// A candidate that several sources find keeps the first in this order. Free functions, pure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"
#include "recommender/features/context.h"
#include "recommender/features/video_set.h"
#include "recommender/retrieval/top_k.h"
#include "recommender/state.h"
#include "rondo/log/v1/record.pb.h"

namespace rondo::recommender::retrieval {

struct Candidate {
  uint32_t video;  // index
  log::v1::Source source;
};

// The best of each source.
struct Finds {
  void begin(const Bundle::Candidates& limits);

  TopK<float> coarse;  // by codes: more than wanted, for the best of them in full
  TopK<float> personal;
  TopK<float> match;
  TopK<uint64_t> followed;
  TopK<float> sound;
  TopK<float> co_watched;
  TopK<double> trending_region;
  TopK<double> trending_spoken;
  TopK<double> trending;
  TopK<uint64_t> fresh;
  TopK<double> champions;
};

// Memory of one page after the other, so that a page allocates little. Holds nothing between calls
// but its size.
struct Scratch {
  Finds finds;
  std::vector<float> scores;     // of the personal scan, one a video
  std::vector<float> by_topic;   // affinities; all 0 between calls
  std::vector<float> by_author;  // the same
  features::VideoSet pool;
  features::VideoSet barred;  // seen, held or excluded; its duplicates with it
  features::VideoSet taken;   // a candidate already
};

struct CandidateSet {
  std::vector<Candidate> candidates;
  // All that could be served: eligible, not barred, not of an author, topic or sound that was
  // turned down, without muted words; neither it nor one that looks the same was seen; of several
  // that look the same, one. In the scratch memory.
  const features::VideoSet& pool;
};

// Whether the video may be served to this viewer at all: eligible, not put out, and nothing that
// looks the same was seen.
bool is_servable(const View& view, const features::ViewerContext& context, uint32_t video);

// `barred`: videos that must not come, nor what looks the same, beyond what the viewer has seen.
// Of the request its region and what is liked by followed people is read.
CandidateSet gather(const View& view, const features::ViewerContext& context,
                    const log::v1::FeedRequest& request, std::span<const uint32_t> barred,
                    base::Rng& rng, Scratch& scratch);

}  // namespace rondo::recommender::retrieval
