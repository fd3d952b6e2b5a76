#include "app/network.h"

#include <unistd.h>

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>

#include "accounts/accounts.h"
#include "accounts/sessions.h"
#include "api/http/server.h"
#include "api/http/static_files.h"
#include "api/router.h"
#include "api/routes.h"
#include "api/services.h"
#include "app/data_folder.h"
#include "app/version.h"
#include "blob/local/local_blob_store.h"
#include "catalogue/catalogue.h"
#include "demo/world.h"
#include "feed/bundle_store.h"
#include "feed/event_intake.h"
#include "feed/for_you.h"
#include "feed/hosts.h"
#include "feed/params.h"
#include "feed/preferences.h"
#include "jobs/in_process/in_process_queue.h"
#include "media/editor.h"
#include "media/identity.h"
#include "media/ingest.h"
#include "media/pipeline.h"
#include "runtime/pool.h"
#include "runtime/rate_limit.h"
#include "social/social.h"
#include "stream/embedded/embedded_stream.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"
#include "workflows/delete_video.h"
#include "workflows/job_desk.h"
#include "workflows/media_steps.h"
#include "workflows/projector.h"
#include "workflows/publish_video.h"
#include "workflows/relay.h"
#include "workflows/storage_use.h"
#include "workflows/video_captions.h"

namespace rondo::app {
namespace {

namespace fs = std::filesystem;

constexpr size_t kRateKeysMax = 100'000;
constexpr std::chrono::minutes kHousekeepingEvery{1};
constexpr int kPurgeMax = 1000;
constexpr int kStreamsPerViewerMax = 16;

// Beside the program, installed or in the tree that it was built in.
fs::path web_folder(const config::Config& config) {
  if (!config.server.web.empty()) return config.server.web;
  std::error_code ignored;
  fs::path program = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  for (const char* place : {"../share/rondo/web", "../../../web/dist"}) {
    fs::path folder = program / place;
    if (fs::exists(folder / "index.html", ignored)) return fs::weakly_canonical(folder, ignored);
  }
  return {};
}

}  // namespace

struct Network::Impl {
  explicit Impl(config::Config c) : config(std::move(c)) {}

  const config::Config config;
  base::SystemClock clock;
  base::SecureRandom random;
  telemetry::Metrics metrics;
  // To be gone over to when the log stands under another one.
  std::optional<base::Sha256Digest> wanted_bundle;

  std::unique_ptr<FolderLock> lock;
  std::unique_ptr<storage::Database> database;
  std::unique_ptr<stream::Stream> log;
  std::unique_ptr<stream::Stream> params_log;  // none in a network of one partition
  std::unique_ptr<blob::BlobStore> blobs;
  std::shared_ptr<feed::BundleStore> bundles;

  std::unique_ptr<accounts::Sessions> sessions;
  std::unique_ptr<accounts::Accounts> accounts;
  std::unique_ptr<social::Social> social;
  std::unique_ptr<catalogue::Catalogue> catalogue;
  std::unique_ptr<media::Pipeline> pipeline;
  std::unique_ptr<media::Editor> editor;
  std::unique_ptr<media::Identities> identities;
  std::unique_ptr<media::Ingest> uploads;

  std::unique_ptr<workflows::Relay> relay;
  std::unique_ptr<workflows::Projector> projector;
  std::unique_ptr<feed::Params> params;
  std::unique_ptr<feed::Hosts> hosts;
  std::unique_ptr<feed::ForYou> for_you;
  std::unique_ptr<feed::EventIntake> events;
  std::unique_ptr<feed::Preferences> preferences;
  std::unique_ptr<jobs::JobQueue> jobs;
  std::unique_ptr<workflows::PublishVideo> publish_video;
  std::unique_ptr<workflows::DeleteVideo> delete_video;
  std::unique_ptr<workflows::Storage> storage;
  std::unique_ptr<workflows::VideoCaptions> captions;
  std::unique_ptr<workflows::JobDesk> job_desk;

  std::unique_ptr<runtime::Pool> blocking;
  std::unique_ptr<runtime::Pool> passwords;
  std::unique_ptr<api::StreamSlots> streams;
  std::unique_ptr<runtime::RateLimit> viewer_limit, sign_up_limit, event_limit;
  std::optional<api::http::StaticFiles> static_files;
  std::string uploads_closed;

  std::unique_ptr<demo::World> world;
  std::unique_ptr<api::Services> services;
  std::unique_ptr<api::Router> router;
  std::unique_ptr<api::http::Server> server;
  std::jthread housekeeping;
  bool stopped = false;

  Result<void> open(const DataFolder& folder);
  Result<std::optional<base::Sha256Digest>> choose_bundle();
  Result<void> start_engines();
  void start_jobs();
  Result<void> open_door();
  void keep_house(const std::stop_token& stop);
  void export_metrics();
  Result<std::string> readiness() const;
  std::optional<api::wire::DemoProgress> demo_progress() const;
  void stop();
};

Result<void> Network::Impl::open(const DataFolder& folder) {
  RD_TRY(lock, FolderLock::take(folder));
  RD_TRY(database, open_database(folder, config));
  stream::EmbeddedOptions log_options;
  log_options.dir = folder.log();
  log_options.partitions = static_cast<uint32_t>(config.stream.partitions);
  RD_TRY(log, stream::open_embedded(log_options, clock));
  if (log->partition_count() > 1) {
    stream::EmbeddedOptions params_options;
    params_options.dir = folder.params();
    params_options.partitions = log->partition_count();
    params_options.dedupe_window_messages = feed::Params::kDedupeWindow;
    RD_TRY(params_log, stream::open_embedded(params_options, clock));
  }
  RD_TRY(blobs, blob::open_local({folder.blobs()}));
  bundles = std::make_shared<feed::BundleStore>(*blobs);
  RD_TRY(wanted_bundle, choose_bundle());

  sessions =
      std::make_unique<accounts::Sessions>(*database, clock, random, accounts::SessionOptions{});
  accounts::AccountOptions account_options;
  account_options.sign_in_per_minute = static_cast<int>(config.limits.sign_in_per_minute);
  RD_TRY(accounts,
         accounts::Accounts::create(*database, *sessions, clock, random, account_options));
  social = std::make_unique<social::Social>(*database, clock, log->partition_count());
  catalogue = std::make_unique<catalogue::Catalogue>(*database, clock, random);

  media::PipelineOptions pipeline_options;
  pipeline_options.work_folder = folder.work();
  pipeline_options.sandbox.allow_unsandboxed = config.media.allow_unsandboxed;
  pipeline_options.limits.size_bytes_max = uint64_t(config.uploads.size_mib_max) << 20;
  pipeline_options.limits.duration_ms_max = uint64_t(config.uploads.duration_seconds_max) * 1000;
  pipeline_options.limits.pixels_max = uint64_t(config.uploads.pixels_max);
  pipeline_options.limits.frame_rate_max = uint64_t(config.uploads.frame_rate_max);
  pipeline_options.limits.streams_max = uint64_t(config.uploads.streams_max);
  pipeline_options.limits.memory_bytes_max = uint64_t(config.media.memory_mib_max) << 20;
  pipeline_options.limits.wall_seconds_max = uint64_t(config.media.seconds_max);
  pipeline_options.av1 = config.media.av1;
  pipeline_options.threads = static_cast<int>(config.media.threads);
  media::EditorOptions editor_options;
  editor_options.work_folder = folder.edits();
  editor_options.sandbox = pipeline_options.sandbox;
  editor_options.limits = pipeline_options.limits;
  editor_options.trim_ms_min = catalogue::kTrimMsMin;
  editor_options.threads = pipeline_options.threads;
  RD_TRY(editor, media::Editor::create(std::move(editor_options), *blobs));
  RD_TRY(pipeline, media::Pipeline::create(std::move(pipeline_options), *blobs));
  RD_TRY(identities, media::Identities::create(*database, clock));
  media::IngestOptions ingest_options;
  ingest_options.folder = folder.uploads();
  ingest_options.size_bytes_max = uint64_t(config.uploads.size_mib_max) << 20;
  ingest_options.total_bytes_max = uint64_t(config.uploads.total_gib_max) << 30;
  ingest_options.open_per_account_max = static_cast<int>(config.uploads.open_per_account_max);
  ingest_options.expire_after = std::chrono::hours(config.uploads.expire_hours);
  RD_TRY(uploads, media::Ingest::create(std::move(ingest_options), *database, clock, random));

  if (auto ready = pipeline->ready(); !ready.ok()) {
    uploads_closed = "uploads are closed here: " + ready.error().message();
    log::warning("uploads are closed", {{"reason", ready.error().describe()}});
  } else if (auto isolated = pipeline->isolated(); isolated.ok() && !*isolated) {
    log::warning("media is processed WITHOUT the sandbox (media.allow_unsandboxed)");
  }
  return {};
}

// The configured bundle, kept. A network that runs already goes on without one that is refused.
Result<std::optional<base::Sha256Digest>> Network::Impl::choose_bundle() {
  bool is_new = true;
  for (uint32_t p = 0; p < log->partition_count(); ++p) {
    RD_TRY(auto state, log->state(PartitionId(p)));
    is_new = is_new && state.end.value() == 0;
  }
  if (config.feed.bundle.empty()) {
    if (is_new) RD_CHECK(bundles->put(recommender::Bundle::defaults()));
    return std::optional<base::Sha256Digest>();
  }
  auto bundle = load_bundle(config.feed.bundle);
  if (bundle.ok()) {
    RD_CHECK(bundles->put(*bundle));
    return std::optional(bundle->sha256());
  }
  if (is_new) return std::move(bundle).error();
  log::error("the bundle of feed.bundle is refused; the network goes on with the one before",
             bundle.error());
  return std::optional<base::Sha256Digest>();
}

Result<void> Network::Impl::start_engines() {
  relay = std::make_unique<workflows::Relay>(*database, *log, workflows::RelayOptions{});
  relay->start();
  projector =
      std::make_unique<workflows::Projector>(*database, *log, workflows::ProjectorOptions{});
  projector->start();
  feed::HostOptions options;
  options.checkpoint_records = static_cast<uint64_t>(config.feed.checkpoint_records);
  options.checkpoint_every = std::chrono::seconds(config.feed.checkpoint_seconds);
  options.keeper.checkpoints_kept = static_cast<int>(config.feed.checkpoints_kept);
  options.keeper.horizon = std::chrono::hours(24 * config.stream.retention_days);
  options.keeper.retention_bytes = uint64_t(config.stream.retention_mib) << 20;
  auto others_need = [this](PartitionId p) { return projector->caught_up_to(p); };
  options.exchange_every = std::chrono::seconds(config.feed.exchange_seconds);
  if (params_log) params = std::make_unique<feed::Params>(*params_log, options.keeper.horizon);
  std::vector<std::unique_ptr<feed::PartitionHost>> made;
  for (uint32_t p = 0; p < log->partition_count(); ++p) {
    RD_TRY(auto host, feed::PartitionHost::start(PartitionId(p), wanted_bundle,
                                                 {*log, *blobs, bundles, clock, random, metrics,
                                                  others_need, params.get()},
                                                 options));
    made.push_back(std::move(host));
  }
  hosts = std::make_unique<feed::Hosts>(std::move(made));
  for_you =
      std::make_unique<feed::ForYou>(*hosts, std::chrono::milliseconds(config.feed.wait_ms_max));
  events = std::make_unique<feed::EventIntake>(*log, clock);
  preferences = std::make_unique<feed::Preferences>(
      *hosts, *events, std::chrono::milliseconds(config.feed.wait_ms_max));
  return {};
}

void Network::Impl::start_jobs() {
  jobs::InProcessOptions options;
  options.workers = static_cast<int>(config.media.workers);
  jobs = jobs::make_in_process_queue(*database, clock, options);
  auto wake_relay = [this] { relay->notify(); };
  auto steps = workflows::media_steps(*uploads, *editor, *pipeline, *identities,
                                      {*blobs, config.uploads.keep_originals});
  publish_video =
      std::make_unique<workflows::PublishVideo>(*accounts, *catalogue, *jobs, steps, wake_relay);
  delete_video =
      std::make_unique<workflows::DeleteVideo>(*catalogue, *jobs, steps, [this](VideoId video) {
        publish_video->stop_work(video);
        relay->notify();
      });
  storage = std::make_unique<workflows::Storage>(
      *catalogue, *uploads,
      workflows::StorageQuotas{uint64_t(config.uploads.account_quota_mib) << 20,
                               uint64_t(config.uploads.network_quota_mib) << 20});
  captions = std::make_unique<workflows::VideoCaptions>(
      *catalogue, *storage,
      workflows::CaptionLimits{size_t(config.uploads.captions_kib_max) << 10,
                               size_t(config.uploads.captions_languages_max)});
  job_desk = std::make_unique<workflows::JobDesk>(*catalogue, *jobs, *publish_video);
  publish_video->register_jobs();
  delete_video->register_jobs();
  if (auto started = jobs->start(); !started.ok()) log::error("jobs do not run", started.error());
  for (auto resumed : {publish_video->resume(), delete_video->resume()}) {
    if (!resumed.ok()) {
      log::error("unfinished work was not taken up again", resumed.error());
    } else if (*resumed > 0) {
      log::info("unfinished work was taken up again", {{"videos", *resumed}});
    }
  }
}

Result<void> Network::Impl::open_door() {
  blocking = std::make_unique<runtime::Pool>(runtime::PoolOptions{
      .name = "blocking", .threads = static_cast<int>(config.server.blocking_threads)});
  passwords = std::make_unique<runtime::Pool>(
      runtime::PoolOptions{.name = "passwords", .threads = 2, .queue_max = 64});
  auto limit = [](double per_second, double burst) {
    return std::make_unique<runtime::RateLimit>(per_second, burst, kRateKeysMax);
  };
  double viewers = static_cast<double>(config.limits.viewers_per_minute);
  viewer_limit = limit(viewers / 60, viewers);
  double sign_ups = static_cast<double>(config.limits.sign_up_per_hour);
  sign_up_limit = limit(sign_ups / 3600, sign_ups);
  double rate = static_cast<double>(config.limits.events_per_second);
  event_limit = limit(rate, std::max(rate * 4, 200.0));

  streams = std::make_unique<api::StreamSlots>(static_cast<int>(config.server.streams_max),
                                               kStreamsPerViewerMax);

  fs::path web = web_folder(config);
  if (!web.empty()) {
    RD_TRY(static_files, api::http::StaticFiles::load(web));
  } else {
    log::warning("there is no web client; build it with scripts/web");
  }
  auto table = api::routes();
  auto document = std::make_shared<const std::string>(api::openapi_document(table));
  services = std::unique_ptr<api::Services>(new api::Services{
      .config = config,
      .version = std::string(kVersion),
      .clock = clock,
      .random = random,
      .metrics = metrics,
      .blocking = *blocking,
      .passwords = *passwords,
      .accounts = *accounts,
      .sessions = *sessions,
      .social = *social,
      .catalogue = *catalogue,
      .log = *log,
      .blobs = *blobs,
      .for_you = *for_you,
      .events = *events,
      .preferences = *preferences,
      .uploads = *uploads,
      .publish_video = *publish_video,
      .delete_video = *delete_video,
      .storage = *storage,
      .captions = *captions,
      .job_desk = *job_desk,
      .notify_outbox = [this] { relay->notify(); },
      .uploads_closed = [this] { return uploads_closed; },
      .demo = [this] { return demo_progress(); },
      .ready = [this] { return readiness(); },
      .viewer_limit = *viewer_limit,
      .sign_up_limit = *sign_up_limit,
      .event_limit = *event_limit,
      .streams = *streams,
      .fallback_total =
          metrics.counter("feed_fallback_total", "For You pages answered with Latest.", {}),
      .withheld_total = metrics.counter(
          "feed_withheld_total", "Ranked videos not shown because they are no longer live.", {}),
      .static_files = static_files ? &*static_files : nullptr,
      .openapi = document,
  });
  router = std::make_unique<api::Router>(*services, std::move(table));
  api::http::ServerOptions options;
  options.address = config.server.address;
  options.port = static_cast<uint16_t>(config.server.port);
  options.io_threads = static_cast<int>(config.server.io_threads);
  options.connections_max = static_cast<int>(config.server.connections_max);
  options.request_max = std::chrono::seconds(config.server.request_seconds_max);
  options.trust_forwarded = config.server.trust_forwarded;
  RD_TRY(server, api::http::Server::listen(options));
  export_metrics();
  server->start(*router);
  return {};
}

void Network::Impl::export_metrics() {
  struct Gauges {
    telemetry::Gauge *applied, *end, *stopped, *viewers, *videos, *pending, *trained, *rejected,
        *unmatched, *deltas, *unknown;
  };
  std::vector<Gauges> gauges;
  for (const auto& host : hosts->all()) {
    telemetry::Labels label{{"partition", std::to_string(host->partition().value())}};
    auto gauge = [&](const char* name, const char* help) {
      return &metrics.gauge(name, help, label);
    };
    gauges.push_back({gauge("engine_applied_offset", "Records folded, as an offset."),
                      gauge("log_end_offset", "Records in the log, as an offset."),
                      gauge("engine_stopped", "1 when the fold has stopped."),
                      gauge("engine_viewers", "Viewers in the state."),
                      gauge("engine_videos", "Videos in the state."),
                      gauge("engine_pending_slots", "Served slots that wait for an outcome."),
                      gauge("engine_examples_trained", "Examples learned from."),
                      gauge("engine_batches_rejected", "Minibatches that would have done harm."),
                      gauge("engine_outcomes_unmatched", "Outcomes without a reservation."),
                      gauge("engine_deltas_taken", "Deltas of other partitions taken in."),
                      gauge("engine_delta_items_unknown",
                            "Videos that others told of before they were known here.")});
  }
  auto& connections = metrics.gauge("http_connections", "Open connections.", {});
  auto& waiting = metrics.gauge("blocking_waiting", "Work that waits for a blocking thread.", {});
  metrics.on_render([this, gauges, &connections, &waiting] {
    for (size_t p = 0; p < gauges.size(); ++p) {
      auto status = hosts->all()[p]->status();
      const auto& g = gauges[p];
      g.applied->Set(static_cast<double>(status.applied_end.value()));
      g.end->Set(static_cast<double>(status.log_end.value()));
      g.stopped->Set(status.failure.empty() ? 0 : 1);
      g.viewers->Set(static_cast<double>(status.engine.viewers));
      g.videos->Set(static_cast<double>(status.engine.videos));
      g.pending->Set(static_cast<double>(status.engine.pending_slots));
      g.trained->Set(static_cast<double>(status.engine.examples_trained));
      g.rejected->Set(static_cast<double>(status.engine.batches_rejected));
      g.unmatched->Set(static_cast<double>(status.engine.outcomes_unmatched));
      g.deltas->Set(static_cast<double>(status.engine.deltas_taken));
      g.unknown->Set(static_cast<double>(status.engine.delta_items_unknown));
    }
    connections.Set(server->connections());
    waiting.Set(static_cast<double>(blocking->waiting()));
  });
}

Result<std::string> Network::Impl::readiness() const {
  auto alive = database->read([](soci::session& sql) -> Result<int> {
    int one = 0;
    sql << "SELECT 1", soci::into(one);
    return one;
  });
  if (!alive.ok()) return std::move(alive).error().with_context("database");
  std::string text;
  for (const auto& host : hosts->all()) {
    auto status = host->status();
    text += "partition " + std::to_string(host->partition().value()) + ": folded " +
            std::to_string(status.applied_end.value()) + " of " +
            std::to_string(status.log_end.value());
    text += status.failure.empty() ? "\n" : ", stopped: " + status.failure + "\n";
  }
  if (!uploads_closed.empty()) text += uploads_closed + "\n";
  return text;
}

std::optional<api::wire::DemoProgress> Network::Impl::demo_progress() const {
  if (!world) return std::nullopt;
  auto progress = world->progress();
  api::wire::DemoProgress out;
  out.state = progress.state == demo::Progress::State::kMaking     ? api::wire::DemoState::making
              : progress.state == demo::Progress::State::kWatching ? api::wire::DemoState::watching
                                                                   : api::wire::DemoState::ready;
  out.clips_done = progress.clips_done;
  out.clips_total = progress.clips_total;
  out.viewers_done = progress.viewers_done;
  out.viewers_total = progress.viewers_total;
  return out;
}

// What has to be done now and then: expired sessions and uploads go, stuck work is taken up.
void Network::Impl::keep_house(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock hold(mutex);
  while (!wake.wait_for(hold, stop, kHousekeepingEvery, [] { return false; }) &&
         !stop.stop_requested()) {
    if (auto purged = sessions->purge_expired(kPurgeMax); !purged.ok()) {
      log::warning("expired sessions were not removed", {{"reason", purged.error().describe()}});
    }
    if (auto expired = uploads->expire(); !expired.ok()) {
      log::warning("expired uploads were not removed", {{"reason", expired.error().describe()}});
    }
    for (auto resumed : {publish_video->resume(), delete_video->resume()}) {
      if (!resumed.ok()) {
        log::warning("stuck work was not looked for", {{"reason", resumed.error().describe()}});
      }
    }
  }
}

void Network::Impl::stop() {
  if (std::exchange(stopped, true)) return;
  if (server) {
    server->stop(std::chrono::steady_clock::now() +
                 std::chrono::seconds(config.server.drain_seconds_max));
  }
  housekeeping.request_stop();
  if (housekeeping.joinable()) housekeeping.join();
  if (world) world->stop();
  if (jobs) jobs->stop();
  if (relay) relay->stop();
  hosts.reset();  // with a last checkpoint
  if (projector) projector->stop();
  // Whoever could still call back into a connection that was cut off goes before the connections
  // do.
  blocking.reset();
  passwords.reset();
  log.reset();
  params_log.reset();
  server.reset();
}

Network::Network(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Network::~Network() { stop(); }
uint16_t Network::port() const { return impl_->server->port(); }
void Network::stop() { impl_->stop(); }

Result<std::unique_ptr<Network>> Network::start(const NetworkOptions& options) {
  DataFolder folder{options.config.data};
  bool begun = demo::World::is_begun(folder.root);
  bool demo = options.demo == Demo::kYes ||
              (options.demo == Demo::kIfEmpty && (begun || folder.is_empty()));
  auto impl = std::make_unique<Impl>(options.config);
  auto network = std::unique_ptr<Network>(new Network(std::move(impl)));
  Impl& i = *network->impl_;
  RD_CHECK(i.open(folder));
  RD_CHECK(i.start_engines());
  i.start_jobs();
  if (demo) {
    i.world = std::make_unique<demo::World>(
        demo::WorldDeps{*i.accounts, *i.catalogue, *i.uploads, *i.pipeline, *i.publish_video,
                        *i.hosts, *i.log, i.clock, i.random},
        folder.root);
  }
  RD_CHECK(i.open_door());
  i.housekeeping = std::jthread([&i](const std::stop_token& stop) { i.keep_house(stop); });
  if (i.world) i.world->start();
  return network;
}

}  // namespace rondo::app
