// Why a slot is in the page, and what the page has learned, in facts that can be said in words.
// Free functions, pure.
#pragma once

#include "recommender/features/context.h"
#include "recommender/reranker/value_model.h"
#include "recommender/state.h"
#include "rondo/log/v1/record.pb.h"

namespace rondo::recommender::explain {

inline constexpr size_t kReasonsMax = 4;
inline constexpr size_t kLearnedMax = 3;

// Fills in score, terms (their contributions sum to the score) and reasons, strongest first. Of the
// request its region and what is liked by followed people is read.
void explain_slot(const View& view, const features::ViewerContext& context,
                  const log::v1::FeedRequest& request, const reranker::Scored& scored,
                  log::v1::ServedSlot& slot);

// What the outcomes since the viewer's last page have changed: topics whose affinity has really
// moved, or that the viewer has put out, strongest first.
void explain_learned(const View& view, const features::ViewerContext& context,
                     log::v1::Served& page);

}  // namespace rondo::recommender::explain
