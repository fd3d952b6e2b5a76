// What handlers work with; made by the app, which owns all of it. References only.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "accounts/sessions.h"
#include "api/stream_slots.h"
#include "api/wire.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "config/config.h"
#include "runtime/pool.h"
#include "runtime/rate_limit.h"
#include "telemetry/metrics.h"

namespace rondo {

namespace accounts {
class Accounts;
}
namespace blob {
class BlobStore;
}
namespace catalogue {
class Catalogue;
}
namespace feed {
class EventIntake;
class ForYou;
class Preferences;
}  // namespace feed
namespace media {
class Ingest;
}
namespace social {
class Social;
}
namespace stream {
class Stream;
}
namespace workflows {
class PublishVideo;
class DeleteVideo;
class JobDesk;
class Storage;
class VideoCaptions;
}  // namespace workflows

namespace api {

namespace http {
class StaticFiles;
}

struct Services {
  const config::Config& config;
  const std::string version;
  const base::Clock& clock;
  base::SecureRandom& random;
  telemetry::Metrics& metrics;

  runtime::Pool& blocking;   // database and files
  runtime::Pool& passwords;  // few threads: 19 MiB and tens of milliseconds each

  accounts::Accounts& accounts;
  accounts::Sessions& sessions;
  social::Social& social;
  catalogue::Catalogue& catalogue;
  stream::Stream& log;
  blob::BlobStore& blobs;
  feed::ForYou& for_you;
  feed::EventIntake& events;
  feed::Preferences& preferences;
  media::Ingest& uploads;
  workflows::PublishVideo& publish_video;
  workflows::DeleteVideo& delete_video;
  workflows::Storage& storage;
  workflows::VideoCaptions& captions;
  workflows::JobDesk& job_desk;

  std::function<void()> notify_outbox;
  // Why uploads are not taken now; empty: they are.
  std::function<std::string()> uploads_closed;
  std::function<std::optional<wire::DemoProgress>()> demo;
  // What readiness says; an error when a request could not be served.
  std::function<Result<std::string>()> ready;

  runtime::RateLimit& viewer_limit;
  runtime::RateLimit& sign_up_limit;
  runtime::RateLimit& event_limit;

  StreamSlots& streams;

  telemetry::Counter& fallback_total;
  telemetry::Counter& withheld_total;

  const http::StaticFiles* static_files = nullptr;  // null: served without the web client
  std::shared_ptr<const std::string> openapi;
};

}  // namespace api
}  // namespace rondo
