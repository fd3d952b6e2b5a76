#include "feed/for_you.h"

namespace rondo::feed {

runtime::Task<Result<RankedPage>> ForYou::page(PageRequest request) {
  PartitionHost& host = hosts_.of(request.viewer);
  log::v1::FeedRequest wanted;
  wanted.set_viewer_id(request.viewer.value());
  wanted.set_surface(log::v1::SURFACE_FOR_YOU);
  wanted.set_anonymous(request.anonymous);
  wanted.set_language(request.language);
  wanted.set_region(request.region);
  wanted.set_limit(request.limit);
  for (const auto& liked : request.liked_by_followed) {
    auto* out = wanted.add_liked_by_followed();
    out->set_video_id(liked.video.value());
    out->set_people(liked.people);
  }
  for (const auto& held : request.held) {
    if (held.page.partition != host.partition()) {
      co_return invalid("held names a page of another viewer").with_field("held");
    }
    auto* slot = wanted.add_held();
    slot->set_page_offset(held.page.offset.value());
    slot->set_slot(held.slot);
  }
  auto deadline = std::chrono::steady_clock::now() + wait_max_;
  auto shared = std::make_shared<log::v1::FeedRequest>(std::move(wanted));
  std::function<void(std::function<void(Result<RankedPage>)>)> start =
      [&host, shared, after = request.after,
       deadline](std::function<void(Result<RankedPage>)> done) {
        host.rank(std::move(*shared), after, deadline, std::move(done));
      };
  co_return co_await runtime::await_callback<Result<RankedPage>>(std::move(start));
}

}  // namespace rondo::feed
