#include "app/commands.h"

#include <csignal>
#include <cstdio>
#include <thread>

#include "accounts/accounts.h"
#include "accounts/sessions.h"
#include "api/routes.h"
#include "app/data_folder.h"
#include "base/bytes.h"
#include "blob/local/local_blob_store.h"
#include "feed/bundle_store.h"
#include "feed/replay.h"
#include "feed/train.h"
#include "feed/verify.h"
#include "records/page_id.h"
#include "telemetry/log.h"

namespace rondo::app {
namespace {

// A second signal ends the process at once.
int wait_for_signal(const sigset_t& signals) {
  int signal = 0;
  sigwait(&signals, &signal);
  std::thread([signals] {
    int again = 0;
    sigwait(&signals, &again);
    std::fprintf(stderr, "rondo: stopped at once\n");
    _exit(130);
  }).detach();
  return signal;
}

struct AccountTools {
  base::SystemClock clock;
  base::SecureRandom random;
  std::unique_ptr<storage::Database> database;
  std::unique_ptr<accounts::Sessions> sessions;
  std::unique_ptr<accounts::Accounts> accounts;
};

Result<std::unique_ptr<AccountTools>> open_accounts(const config::Config& config) {
  DataFolder folder{config.data};
  if (folder.is_empty()) return no_network(folder);
  auto tools = std::make_unique<AccountTools>();
  RD_TRY(tools->database, open_database(folder, config));
  tools->sessions = std::make_unique<accounts::Sessions>(*tools->database, tools->clock,
                                                         tools->random, accounts::SessionOptions{});
  RD_TRY(tools->accounts, accounts::Accounts::create(*tools->database, *tools->sessions,
                                                     tools->clock, tools->random, {}));
  return tools;
}

}  // namespace

Result<int> serve(const NetworkOptions& options) {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // threads inherit it
  auto began = std::chrono::steady_clock::now();
  RD_TRY(auto network, Network::start(options));
  auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                                  began);
  log::info("the server listens", {{"address", options.config.server.address},
                                   {"port", network->port()},
                                   {"data", options.config.data},
                                   {"started_ms", ms.count()}});
  std::string host =
      options.config.server.address == "127.0.0.1" || options.config.server.address == "0.0.0.0"
          ? "localhost"
          : options.config.server.address;
  log::info("open http://" + host + ":" + std::to_string(network->port()));
  wait_for_signal(signals);
  log::info("stopping: open requests may end, Ctrl-C again stops at once");
  network->stop();
  log::info("stopped");
  return 0;
}

Result<int> create_user(const config::Config& config, const std::string& handle,
                        const std::string& password, const std::string& role) {
  RD_TRY(auto wanted, accounts::role_from_text(role));
  RD_TRY(auto tools, open_accounts(config));
  RD_TRY(auto account, tools->accounts->create_user(handle, password, wanted));
  std::printf("%s is a %s now\n", account.handle.c_str(), role.c_str());
  return 0;
}

Result<int> promote(const config::Config& config, const std::string& handle,
                    const std::string& role) {
  RD_TRY(auto wanted, accounts::role_from_text(role));
  RD_TRY(auto tools, open_accounts(config));
  RD_CHECK(tools->accounts->promote(handle, wanted));
  std::printf("%s is a %s now\n", handle.c_str(), role.c_str());
  return 0;
}

Result<int> replay(const config::Config& config, const std::string& page_id) {
  RD_TRY(auto id, records::parse_page_id(page_id));
  DataFolder folder{config.data};
  RD_TRY(auto log, open_log(folder));
  RD_TRY(auto blobs, blob::open_local({folder.blobs()}));
  RD_TRY(auto params, open_params(folder, *log));
  auto bundles = std::make_shared<feed::BundleStore>(*blobs);
  RD_TRY(auto out, feed::replay(*log, params.get(), *blobs, bundles, id));
  for (const auto& warning : out.warnings) std::printf("passed over: %s\n", warning.c_str());
  std::printf("page %s: %d slots, ranked at offset %llu, folded from offset %llu\n",
              page_id.c_str(), out.served.slots_size(),
              static_cast<unsigned long long>(out.served.ranked_at_offset()),
              static_cast<unsigned long long>(out.restored_at.value()));
  for (int i = 0; i < out.recomputed.slots_size(); ++i) {
    const auto& slot = out.recomputed.slots(i);
    std::printf("  slot %d  video %s  %-18s score %+.6f  propensity %.6f\n", i,
                base::id_to_text(slot.video_id()).c_str(),
                log::v1::Source_Name(slot.source()).c_str(), static_cast<double>(slot.score()),
                static_cast<double>(slot.propensity()));
  }
  if (out.equal) {
    std::printf("equal: recomputed and served are the same %zu bytes\n", out.served.ByteSizeLong());
    return 0;
  }
  std::printf("DIFFERENT from what was served:\n");
  for (const auto& difference : out.differences) std::printf("  %s\n", difference.c_str());
  return 1;
}

Result<int> verify(const config::Config& config) {
  DataFolder folder{config.data};
  RD_TRY(auto log, open_log(folder));
  RD_TRY(auto blobs, blob::open_local({folder.blobs()}));
  RD_TRY(auto params, open_params(folder, *log));
  auto bundles = std::make_shared<feed::BundleStore>(*blobs);
  bool equal = true;
  for (uint32_t p = 0; p < log->partition_count(); ++p) {
    RD_TRY(auto out, feed::verify(*log, params.get(), *blobs, bundles, PartitionId(p)));
    for (const auto& warning : out.warnings) std::printf("passed over: %s\n", warning.c_str());
    auto hex = [](const recommender::Digest& d) { return base::to_hex(base::as_bytes(d)); };
    std::printf("partition %u at offset %llu\n  from the checkpoint at %llu  %s\n", p,
                static_cast<unsigned long long>(out.end.value()),
                static_cast<unsigned long long>(out.restored_at.value()),
                hex(out.recovered).c_str());
    if (!out.uninterrupted) {
      std::printf("  from the beginning      the log no longer reaches it\n");
      continue;
    }
    bool same = *out.uninterrupted == out.recovered;
    std::printf("  from the beginning      %s  %s\n", hex(*out.uninterrupted).c_str(),
                same ? "equal" : "DIFFERENT");
    equal = equal && same;
  }
  return equal ? 0 : 1;
}

Result<int> train(const config::Config& config, int epochs, const std::string& out) {
  DataFolder folder{config.data};
  RD_TRY(auto log, open_log(folder));
  RD_TRY(auto params, open_params(folder, *log));
  RD_TRY(auto blobs, blob::open_local({folder.blobs()}));
  auto bundles = std::make_shared<feed::BundleStore>(*blobs);
  RD_TRY(auto engine, feed::recover(*log, params.get(), *blobs, bundles, PartitionId(0)));
  RD_TRY(auto active, bundles->find(engine->bundle_sha256()));
  const recommender::Bundle& bundle = *active;
  auto hex = [](const recommender::Bundle& b) { return base::to_hex(base::as_bytes(b.sha256())); };
  std::printf("from bundle %s\n", hex(bundle).c_str());
  auto report = [epochs](const feed::TrainingProgress& p) {
    std::printf("  epoch %d of %d: %llu of %llu records, %llu examples\n", p.epoch, epochs,
                static_cast<unsigned long long>(p.records),
                static_cast<unsigned long long>(p.records_total),
                static_cast<unsigned long long>(p.stats.examples_trained));
    std::fflush(stdout);
  };
  RD_TRY(auto trained, feed::train(*log, bundle, epochs, report));
  RD_CHECK(save_bundle(trained, out));
  std::printf("bundle %s\nwritten to %s; serve it with --feed.bundle %s\n", hex(trained).c_str(),
              out.c_str(), out.c_str());
  return 0;
}

int print_openapi() {
  std::string document = api::openapi_document(api::routes());
  std::fwrite(document.data(), 1, document.size(), stdout);
  return 0;
}

}  // namespace rondo::app
