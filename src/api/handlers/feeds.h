// Pages of videos: For You, Following, Latest, and the receipt of a ranked page.
#pragma once

#include "api/route.h"
#include "api/wire.h"

namespace rondo::api::handlers {

struct ForYouQuery {
  std::optional<int> limit;             // 1..20, default 6
  std::optional<int64_t> after_offset;  // the largest offset that the client knows
  std::optional<std::string> held;      // "PAGE:SLOT,PAGE:SLOT": what the client keeps
};
BOOST_DESCRIBE_STRUCT(ForYouQuery, (), (limit, after_offset, held))

struct ListQuery {
  std::optional<int> limit;  // 1..50, default 12
  std::optional<std::string> cursor;
};
BOOST_DESCRIBE_STRUCT(ListQuery, (), (limit, cursor))

runtime::Task<Result<Reply<wire::FeedPage>>> get_for_you(Context&, ForYouQuery, None);
runtime::Task<Result<Reply<wire::FeedPage>>> get_latest(Context&, ListQuery, None);
runtime::Task<Result<Reply<wire::FeedPage>>> get_following(Context&, ListQuery, None);
runtime::Task<Result<Reply<wire::PageReceipt>>> get_page(Context&, None, None);

// The limit of a list, checked.
Result<int> limit_of(const std::optional<int>& limit, int standard, int max);

}  // namespace rondo::api::handlers
