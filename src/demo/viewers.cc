#include "demo/viewers.h"

#include <array>
#include <future>

#include "demo/recipes.h"
#include "records/envelope.h"
#include "records/routing.h"

namespace rondo::demo {
namespace {

constexpr std::chrono::seconds kWaitMax{5};

enum class Taste { kLoves, kIndifferent, kDislikes };

struct Behaviour {
  float finishes;  // probability of watching to the end
  float likes;     // of liking, having finished
};

Behaviour behaviour_of(Taste taste) {
  switch (taste) {
    case Taste::kLoves:
      return {0.85f, 0.30f};
    case Taste::kIndifferent:
      return {0.35f, 0.04f};
    case Taste::kDislikes:
      return {0.06f, 0.0f};
  }
  return {};
}

std::map<std::string, Taste> tastes_of(base::Rng& rng) {
  std::vector<std::string> topics;
  for (const auto& recipe : recipes()) {
    std::string topic(recipe.topic);
    if (std::find(topics.begin(), topics.end(), topic) == topics.end()) topics.push_back(topic);
  }
  std::map<std::string, Taste> tastes;
  for (size_t i = 0; i < topics.size(); ++i) {
    std::swap(topics[i], topics[i + rng.below(topics.size() - i)]);
    tastes[topics[i]] = i < 2 ? Taste::kLoves : i < 4 ? Taste::kIndifferent : Taste::kDislikes;
  }
  return tastes;
}

class Session {
 public:
  Session(const ViewerDeps& deps, uint64_t index)
      : deps_(deps),
        rng_(base::mix64(index + 1)),
        tastes_(tastes_of(rng_)),
        viewer_(deps.random.next_id()) {}

  Result<feed::RankedPage> page(uint32_t slots) {
    log::v1::FeedRequest request;
    request.set_viewer_id(viewer_.value());
    request.set_anonymous(true);
    request.set_surface(log::v1::SURFACE_FOR_YOU);
    request.set_limit(slots);
    // The handler may outlive this wait: it owns the promise.
    auto promise = std::make_shared<std::promise<Result<feed::RankedPage>>>();
    auto future = promise->get_future();
    deps_.hosts.of(viewer_).rank(std::move(request), last_,
                                 std::chrono::steady_clock::now() + kWaitMax,
                                 [promise](auto page) { promise->set_value(std::move(page)); });
    return future.get();
  }

  Result<void> see(const feed::RankedPage& page, int slot) {
    VideoId video(page.served.slots(slot).video_id());
    auto found = deps_.look_up(video);
    if (!found.ok()) return {};
    auto taste = tastes_.find(found->topic);
    Behaviour behaviour =
        behaviour_of(taste == tastes_.end() ? Taste::kIndifferent : taste->second);
    bool finishes = rng_.uniform() < behaviour.finishes;
    std::vector<log::v1::Record> events(1);
    fill(*events.back().mutable_impression(), page, slot);
    auto& watch = *engagement(events, page, slot).mutable_watch();
    watch.set_skipped(!finishes);
    watch.set_loops(finishes ? 1 : 0);
    watch.set_watch_ms(finishes ? found->duration_ms
                                : 300 + static_cast<uint32_t>(rng_.uniform() * 1500));
    if (finishes && rng_.uniform() < behaviour.likes) engagement(events, page, slot).set_like(true);
    return append(std::move(events));
  }

 private:
  template <typename Message>
  void fill(Message& message, const feed::RankedPage& page, int slot) {
    message.set_viewer_id(viewer_.value());
    message.set_video_id(page.served.slots(slot).video_id());
    message.set_from_page(true);
    message.set_page_offset(page.id.offset.value());
    message.set_slot(static_cast<uint32_t>(slot));
    message.set_event_id("demo" + std::to_string(++events_));
  }
  log::v1::Engagement& engagement(std::vector<log::v1::Record>& events,
                                  const feed::RankedPage& page, int slot) {
    auto& engagement = *events.emplace_back().mutable_engagement();
    fill(engagement, page, slot);
    return engagement;
  }

  Result<void> append(std::vector<log::v1::Record> events) {
    std::vector<stream::Message> batch;
    uint64_t now_us = deps_.clock.now_us();
    for (const auto& event : events) {
      const std::string& id =
          event.has_impression() ? event.impression().event_id() : event.engagement().event_id();
      batch.push_back({records::event_message_id(viewer_, id), records::seal(event, now_us)});
    }
    auto partition = records::partition_of(viewer_, deps_.log.partition_count());
    RD_TRY(auto stored, stream::append_and_wait(deps_.log, partition, std::move(batch),
                                                std::chrono::steady_clock::now() + kWaitMax));
    last_ = stored.back().offset;
    return {};
  }

  const ViewerDeps& deps_;
  base::Rng rng_;
  const std::map<std::string, Taste> tastes_;
  const EngineId viewer_;
  int events_ = 0;
  std::optional<Offset> last_;
};

}  // namespace

Result<void> watch(const ViewerDeps& deps, const ViewerOptions& options, uint64_t index,
                   std::stop_token stop) {
  Session session(deps, index);
  for (int p = 0; p < options.pages && !stop.stop_requested(); ++p) {
    RD_TRY(auto page, session.page(options.page_slots));
    for (int slot = 0; slot < page.served.slots_size() && !stop.stop_requested(); ++slot) {
      RD_CHECK(session.see(page, slot));
    }
  }
  return {};
}

}  // namespace rondo::demo
