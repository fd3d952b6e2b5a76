#include "demo/world.h"

#include <algorithm>
#include <deque>
#include <fstream>
#include <vector>

#include "base/bytes.h"
#include "demo/recipes.h"
#include "telemetry/log.h"

namespace rondo::demo {
namespace {

namespace fs = std::filesystem;

constexpr int kViewers = 320;
constexpr int kWaves = 4;  // viewers come after each quarter of the clips
constexpr int kViewerThreads = 4;
constexpr size_t kAheadMax = 1;  // clips that wait while the next is rendered: people's go between
constexpr std::chrono::milliseconds kPoll{50};
constexpr std::chrono::minutes kProcessMax{10};
constexpr size_t kPieceBytes = 1 << 20;
constexpr std::string_view kMarker = "demo-world";

}  // namespace

World::World(WorldDeps deps, fs::path folder) : deps_(deps), folder_(std::move(folder)) {
  progress_.clips_total = static_cast<int>(recipes().size());
  progress_.viewers_total = kViewers;
}

World::~World() { stop(); }

bool World::is_begun(const fs::path& folder) {
  std::error_code ignored;
  return fs::exists(folder / kMarker, ignored);
}

void World::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void World::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

Progress World::progress() const {
  std::lock_guard lock(mutex_);
  return progress_;
}

void World::say(Progress::State state) {
  Progress now;
  {
    std::lock_guard lock(mutex_);
    progress_.state = state;
    now = progress_;
  }
  if (state == Progress::State::kMaking) {
    log::info("demo world: clip " + std::to_string(now.clips_done) + " of " +
              std::to_string(now.clips_total));
  } else if (state == Progress::State::kWatching) {
    log::info("demo world: synthetic viewer " + std::to_string(now.viewers_done) + " of " +
              std::to_string(now.viewers_total));
  } else {
    log::info("the demo world is ready",
              {{"clips", now.clips_done}, {"viewers", now.viewers_done}});
  }
}

void World::run(const std::stop_token& stop) {
  auto made = make(stop);
  if (stop.stop_requested()) return;
  if (made.ok()) {
    say(Progress::State::kReady);
  } else {
    log::error("the demo world could not be finished; it goes on at the next start", made.error());
  }
}

Result<std::map<std::string, accounts::Account>> World::creators() {
  std::map<std::string, accounts::Account> found;
  for (const auto& creator : demo::creators()) {
    auto account = deps_.accounts.find_handle(creator.handle);
    if (!account.ok() && account.error().code() == ErrorCode::kNotFound) {
      // Nobody signs in as a creator: the password is thrown away.
      account = deps_.accounts.create_user(
          creator.handle, base::to_base64url(deps_.random.bytes(24)), accounts::Role::kMember);
    }
    if (!account.ok()) return std::move(account).error();
    found.emplace(creator.handle, std::move(*account));
  }
  return found;
}

Result<bool> World::is_made(const accounts::Account& creator, std::string_view caption) {
  RD_TRY(auto page, deps_.catalogue.all_of(creator.id, "", catalogue::kPageVideosMax));
  return std::any_of(page.items.begin(), page.items.end(), [&](const auto& video) {
    return video.caption == caption && video.state != catalogue::VideoState::kRefused;
  });
}

Result<VideoId> World::make_clip(size_t index, const accounts::Account& creator,
                                 const std::stop_token& stop) {
  const Recipe& recipe = recipes()[index];
  fs::path file = folder_ / ("demo-clip-" + std::to_string(index) + ".mp4");
  RD_CHECK(deps_.pipeline.render(recipe.video_graph, recipe.audio_graph,
                                 std::chrono::milliseconds(recipe.duration_ms), file, stop));
  std::error_code ignored;
  uint64_t size = fs::file_size(file, ignored);
  RD_TRY(auto upload,
         deps_.uploads.create_upload({creator.id, size, file.filename().string(), "video/mp4"}));
  {
    RD_TRY(auto appender, deps_.uploads.open_append(upload.id, creator.id, 0));
    std::ifstream in(file, std::ios::binary);
    std::string piece(kPieceBytes, '\0');
    while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0) {
      RD_CHECK(appender.write(std::string_view(piece).substr(0, size_t(in.gcount()))));
    }
    RD_TRY(upload, appender.finish());
  }
  fs::remove(file, ignored);
  workflows::NewVideo video{upload.id, std::string(recipe.caption), {}, "en"};
  for (auto tag : recipe.hashtags) video.hashtags.emplace_back(tag);
  accounts::Principal principal;
  principal.kind = accounts::Principal::Kind::kAccount;
  principal.account = creator.id;
  principal.viewer = creator.viewer;
  RD_TRY(auto made, deps_.publish_video.submit(principal, video));
  return made.id;
}

Result<void> World::wait_processed(VideoId video, const std::stop_token& stop) {
  auto deadline = std::chrono::steady_clock::now() + kProcessMax;
  while (!stop.stop_requested()) {
    RD_TRY(auto now, deps_.catalogue.find(video));
    if (now.state == catalogue::VideoState::kLive) return {};
    if (now.state != catalogue::VideoState::kProcessing) {
      return internal("a demo clip was refused: " +
                      (now.refusal ? now.refusal->detail : std::string("deleted")));
    }
    if (std::chrono::steady_clock::now() > deadline) {
      return unavailable("a demo clip was not processed in time");
    }
    std::this_thread::sleep_for(kPoll);
  }
  return unavailable("stopped");
}

Result<void> World::make(const std::stop_token& stop) {
  RD_CHECK(save_viewers(load_viewers()));
  RD_CHECK(deps_.pipeline.ready());
  RD_TRY(auto accounts, creators());
  std::deque<VideoId> under_way;
  int total = static_cast<int>(recipes().size());
  int done = 0;
  auto clip_done = [&]() -> Result<void> {
    ++done;
    {
      std::lock_guard lock(mutex_);
      progress_.clips_done = done;
    }
    say(Progress::State::kMaking);
    int wave = done * kWaves / total;
    return wave * total == done * kWaves ? viewers_until(kViewers * wave / kWaves, stop)
                                         : Result<void>();
  };
  for (size_t i = 0; i < recipes().size() && !stop.stop_requested(); ++i) {
    const auto& creator = accounts.at(std::string(recipes()[i].creator));
    RD_TRY(bool made, is_made(creator, recipes()[i].caption));
    if (made) {
      ++done;
      continue;
    }
    RD_TRY(VideoId video, make_clip(i, creator, stop));
    under_way.push_back(video);
    while (under_way.size() > kAheadMax) {
      RD_CHECK(wait_processed(under_way.front(), stop));
      under_way.pop_front();
      RD_CHECK(clip_done());
    }
  }
  for (VideoId video : under_way) {
    RD_CHECK(wait_processed(video, stop));
    RD_CHECK(clip_done());
  }
  {
    std::lock_guard lock(mutex_);
    progress_.clips_done = done;
  }
  return viewers_until(kViewers, stop);
}

Result<ViewedVideo> World::look_up(VideoId id) {
  {
    std::lock_guard lock(mutex_);
    if (auto it = known_.find(id); it != known_.end()) return it->second;
  }
  RD_TRY(auto video, deps_.catalogue.find(id));
  ViewedVideo viewed{video.hashtags.empty() ? std::string() : video.hashtags.front(),
                     video.media.duration_ms};
  std::lock_guard lock(mutex_);
  known_.emplace(id, viewed);
  return viewed;
}

Result<void> World::viewers_until(int count, const std::stop_token& stop) {
  int first = load_viewers();
  {
    std::lock_guard lock(mutex_);
    progress_.viewers_done = first;
  }
  ViewerDeps deps{deps_.hosts, deps_.log, deps_.clock, deps_.random,
                  [this](VideoId video) { return look_up(video); }};
  std::atomic<int> next{first};
  std::mutex failure_mutex;
  Result<void> failure;
  auto work = [&] {
    for (int index = next++; index < count && !stop.stop_requested(); index = next++) {
      auto watched = watch(deps, {}, static_cast<uint64_t>(index), stop);
      int done = 0;
      {
        std::lock_guard lock(mutex_);
        done = ++progress_.viewers_done;
      }
      if (done % 40 == 0) say(Progress::State::kWatching);
      if (watched.ok()) continue;
      std::lock_guard lock(failure_mutex);
      failure = std::move(watched);
      return;
    }
  };
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kViewerThreads; ++t) threads.emplace_back(work);
  }
  if (!failure.ok()) return failure;
  if (stop.stop_requested()) return {};
  return save_viewers(std::max(first, count));
}

int World::load_viewers() const {
  std::ifstream in(folder_ / kMarker);
  int count = 0;
  in >> count;
  return std::clamp(count, 0, kViewers);
}

Result<void> World::save_viewers(int count) {
  fs::path temporary = folder_ / (std::string(kMarker) + ".new");
  {
    std::ofstream out(temporary);
    out << count << "\n";
    if (!out.flush()) return unavailable("cannot write " + temporary.string());
  }
  std::error_code ec;
  fs::rename(temporary, folder_ / kMarker, ec);
  if (ec) return unavailable("cannot write " + (folder_ / kMarker).string() + ": " + ec.message());
  return {};
}

}  // namespace rondo::demo
