#include "api/handlers/video_events.h"

#include <chrono>

#include "api/handlers/present.h"
#include "api/handlers/videos.h"
#include "api/services.h"
#include "catalogue/catalogue.h"

namespace rondo::api::handlers {
namespace {

using runtime::Task;
using namespace std::chrono_literals;

constexpr auto kLookEvery = 300ms;
constexpr auto kBeatEvery = 15s;     // proxies cut what is silent for longer
constexpr auto kStreamMax = 15min;   // then the client asks again, by itself
constexpr double kStepShown = 0.01;  // of progress

// What one client follows; lives as long as its answer.
struct Following {
  Services& services;
  const VideoId video;
  const std::optional<accounts::Principal> who;
  const std::unique_ptr<StreamSlots::Ticket> ticket;
  // What it was told last. Of the look while one is taken, of the coroutine in between.
  std::optional<catalogue::Video> told = {};
};

struct Look {
  catalogue::Video video;
  std::string json;  // to be told; empty: nothing new
};

bool differs(const catalogue::Video& a, const catalogue::Video& b) {
  return a.state != b.state || a.waiting != b.waiting || b.progress - a.progress >= kStepShown;
}

Result<Look> look(const Following& following) {
  RD_TRY(auto video, find_visible(following.services, following.video, following.who));
  if (following.told && !differs(*following.told, video)) return Look{std::move(video), ""};
  RD_TRY(auto shown, present(following.services, video, following.who));
  return Look{std::move(video), json::write(shown)};
}

// Until the video is live or refused, which is the last event, or gone, which says so.
Task<void> follow(std::shared_ptr<Following> following, http::BodyWriter* writer) {
  Services& services = following->services;
  const auto began = std::chrono::steady_clock::now();
  auto spoke = began;
  bool there = co_await writer->write("retry: 2000\n\n");
  while (there && std::chrono::steady_clock::now() - began < kStreamMax) {
    auto work = [following] { return look(*following); };
    auto now = co_await services.blocking.run(work);
    if (!now.ok() && now.error().code() == ErrorCode::kNotFound) {
      co_await writer->write("event: gone\ndata: {}\n\n");
      co_return;
    }
    // What fails otherwise may pass: the client hears of it when it lasts, by silence.
    if (now.ok() && !now->json.empty()) {
      there = co_await writer->write("event: video\ndata: " + now->json + "\n\n");
      following->told = std::move(now->video);
      spoke = std::chrono::steady_clock::now();
      if (following->told->state != catalogue::VideoState::kProcessing) co_return;
    } else if (std::chrono::steady_clock::now() - spoke >= kBeatEvery) {
      there = co_await writer->write(": still here\n\n");
      spoke = std::chrono::steady_clock::now();
    }
    if (there) there = co_await writer->wait(kLookEvery);
  }
}

}  // namespace

Task<http::Response> get_video_events(Context& context) {
  Services& services = context.services;
  auto id = id_from_text<VideoId>(context.path.at(0));
  if (!id.ok()) co_return problem(no_such_video());
  auto find = [&services, id = *id, who = context.principal] {
    return find_visible(services, id, who);
  };
  auto video = co_await context.blocking(find);
  if (!video.ok()) co_return problem(video.error());
  auto ticket = services.streams.take(context.principal->viewer);
  if (!ticket) {
    co_return problem(exhausted("too many answers are open; ask for the video itself instead")
                          .with_reason("too_many_streams")
                          .with_retry_after(5));
  }
  std::shared_ptr<Following> following(
      new Following{services, *id, context.principal, std::move(ticket)});
  http::Response response;
  response.set("Content-Type", "text/event-stream");
  response.set("Cache-Control", "no-store");
  response.set("X-Accel-Buffering", "no");  // proxies pass it on as it comes
  response.stream = [following](http::BodyWriter& writer) { return follow(following, &writer); };
  co_return response;
}

}  // namespace rondo::api::handlers
