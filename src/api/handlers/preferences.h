// What a viewer asks of the feed: /api/v1/viewers/current/preferences and /reset.
#pragma once

#include "api/route.h"
#include "api/wire.h"

namespace rondo::api::handlers {

runtime::Task<Result<Reply<wire::Preferences>>> get_preferences(Context&, None, None);
runtime::Task<Result<Reply<wire::Preferences>>> change_preferences(Context&, None,
                                                                   wire::PreferenceChange);
runtime::Task<Result<Reply<wire::Preferences>>> reset_feed(Context&, None, wire::FeedReset);

}  // namespace rondo::api::handlers
