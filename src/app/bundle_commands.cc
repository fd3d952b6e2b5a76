#include "app/bundle_commands.h"

#include <cstdio>

#include "app/stopped_network.h"
#include "base/bytes.h"
#include "blob/local/local_blob_store.h"
#include "feed/verify.h"

namespace rondo::app {
namespace {

std::string hex(const base::Sha256Digest& sha256) { return base::to_hex(base::as_bytes(sha256)); }

Result<int> activate(StoppedNetwork& network, const base::Sha256Digest& wanted) {
  // Whoever compares bundles and names one of them ends the experiment.
  auto there = [&wanted](const recommender::Engine& engine) {
    return engine.bundle_sha256() == wanted && !engine.experiment();
  };
  auto before = wanted;  // none
  for (const auto& engine : network.engines()) {
    if (!there(*engine)) before = engine->bundle_sha256();
  }
  log::v1::Record record;
  record.mutable_bundle_activated()->set_bundle_sha256(std::string(base::as_bytes(wanted)));
  RD_TRY(bool appended, network.append(record, std::string(base::as_bytes(wanted)), there));
  if (!appended) {
    std::printf("bundle %s is active already\n", hex(wanted).c_str());
  } else if (before == wanted) {
    std::printf("bundle %s goes on alone: the experiment has ended\n", hex(wanted).c_str());
  } else {
    std::printf(
        "bundle %s is active from the next start on\nbefore: %s; `rondo bundle rollback` goes "
        "back\n",
        hex(wanted).c_str(), hex(before).c_str());
  }
  return 0;
}

Result<void> check_not_configured(const config::Config& config) {
  if (config.feed.bundle.empty()) return {};
  return conflict("feed.bundle is set to " + config.feed.bundle +
                  ", which the server goes over to at every start; change it there, or take it out "
                  "to choose with `rondo bundle`")
      .with_field("feed.bundle");
}

}  // namespace

Result<int> list_bundles(const config::Config& config) {
  DataFolder folder{config.data};
  RD_TRY(auto log, open_log(folder));
  RD_TRY(auto blobs, blob::open_local({folder.blobs()}));
  auto bundles = std::make_shared<feed::BundleStore>(*blobs);
  RD_TRY(auto params, open_params(folder, *log));
  RD_TRY(auto engine, feed::recover(*log, params.get(), *blobs, bundles, PartitionId(0)));
  RD_TRY(auto kept, bundles->list());
  const auto built_in = recommender::Bundle::defaults().sha256();
  for (const auto& sha256 : kept) {
    std::string notes;
    auto note = [&notes](const std::string& text) { notes += (notes.empty() ? "" : ", ") + text; };
    if (sha256 == engine->bundle_sha256()) note("active");
    if (sha256 == engine->bundle_before()) note("before");
    if (sha256 == engine->treatment_sha256()) {
      note("treatment of experiment " + engine->experiment()->name);
    }
    if (sha256 == built_in) note("built-in");
    auto bundle = bundles->find(sha256);
    if (!bundle.ok()) {
      note("refused: " + bundle.error().describe());
    } else if ((*bundle)->start.weights) {
      note("with weights");
    }
    std::printf("%s  %s\n", hex(sha256).c_str(), notes.c_str());
  }
  return 0;
}

Result<int> add_bundle(const config::Config& config, const std::string& path) {
  DataFolder folder{config.data};
  RD_TRY(auto blobs, blob::open_local({folder.blobs()}));
  feed::BundleStore bundles(*blobs);
  RD_TRY(auto bundle, load_bundle(path));
  RD_CHECK(bundles.put(bundle));
  std::printf("bundle %s is kept\n", hex(bundle.sha256()).c_str());
  return 0;
}

Result<int> activate_bundle(const config::Config& config, const std::string& name) {
  RD_CHECK(check_not_configured(config));
  RD_TRY(auto network, StoppedNetwork::open(config));
  RD_TRY(auto bundle, resolve_bundle(network->bundles(), name));
  RD_CHECK(network->bundles().put(bundle));
  return activate(*network, bundle.sha256());
}

Result<int> roll_back_bundle(const config::Config& config) {
  RD_CHECK(check_not_configured(config));
  RD_TRY(auto network, StoppedNetwork::open(config));
  auto before = network->engines().front()->bundle_before();
  if (!before) return not_found("no other bundle was active before this one");
  RD_CHECK(network->bundles().find(*before));
  return activate(*network, *before);
}

}  // namespace rondo::app
