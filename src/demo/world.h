// The demo world: twelve invented creators, their clips, and the swipes of synthetic viewers.
//
// The clips are rendered here and then go the way of every upload: upload, job, sandbox, catalogue,
// outbox, log. Viewers come in waves while the clips appear, so that For You has something to have
// learned from early on. Runs in the background; what is done is found done after a restart (clips
// by their captions, viewers by a count in DATA/demo-world).
//
// Thread safe. stop() ends it within a moment, to go on at the next start.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "accounts/accounts.h"
#include "base/clock.h"
#include "base/random.h"
#include "catalogue/catalogue.h"
#include "demo/viewers.h"
#include "feed/hosts.h"
#include "media/ingest.h"
#include "media/pipeline.h"
#include "stream/stream.h"
#include "workflows/publish_video.h"

namespace rondo::demo {

struct Progress {
  enum class State { kMaking, kWatching, kReady } state = State::kMaking;
  int clips_done = 0;
  int clips_total = 0;
  int viewers_done = 0;
  int viewers_total = 0;
};

struct WorldDeps {
  accounts::Accounts& accounts;
  catalogue::Catalogue& catalogue;
  media::Ingest& uploads;
  media::Pipeline& pipeline;
  workflows::PublishVideo& publish_video;
  feed::Hosts& hosts;
  stream::Stream& log;
  const base::Clock& clock;
  base::SecureRandom& random;
};

class World {
 public:
  // `folder` keeps the marker and, while it is made, the rendered clips.
  World(WorldDeps deps, std::filesystem::path folder);
  ~World();

  // True when a world was begun here, whether or not it is finished.
  static bool is_begun(const std::filesystem::path& folder);

  void start();
  void stop();
  Progress progress() const;

 private:
  void run(const std::stop_token& stop);
  Result<void> make(const std::stop_token& stop);
  Result<std::map<std::string, accounts::Account>> creators();
  Result<bool> is_made(const accounts::Account& creator, std::string_view caption);
  Result<VideoId> make_clip(size_t index, const accounts::Account& creator,
                            const std::stop_token& stop);
  Result<void> wait_processed(VideoId video, const std::stop_token& stop);
  Result<void> viewers_until(int count, const std::stop_token& stop);
  Result<ViewedVideo> look_up(VideoId video);
  Result<void> save_viewers(int count);
  int load_viewers() const;
  void say(Progress::State state);

  WorldDeps deps_;
  const std::filesystem::path folder_;
  mutable std::mutex mutex_;
  Progress progress_;                     // guarded by mutex_
  std::map<VideoId, ViewedVideo> known_;  // guarded by mutex_
  std::jthread thread_;
};

}  // namespace rondo::demo
