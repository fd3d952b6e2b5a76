#include "app/stopped_network.h"

#include <chrono>
#include <filesystem>

#include "blob/local/local_blob_store.h"
#include "feed/verify.h"
#include "records/envelope.h"
#include "records/routing.h"
#include "stream/embedded/embedded_stream.h"

namespace rondo::app {
namespace {

constexpr std::chrono::seconds kAppendMax{10};

}  // namespace

Result<std::unique_ptr<StoppedNetwork>> StoppedNetwork::open(const config::Config& config) {
  DataFolder folder{config.data};
  if (folder.is_empty()) return no_network(folder);
  auto network = std::unique_ptr<StoppedNetwork>(new StoppedNetwork());
  RD_TRY(network->lock_, FolderLock::take(folder));
  RD_TRY(network->blobs_, blob::open_local({folder.blobs()}));
  network->bundles_ = std::make_shared<feed::BundleStore>(*network->blobs_);
  stream::EmbeddedOptions options;
  options.dir = folder.log();
  options.partitions = static_cast<uint32_t>(config.stream.partitions);
  RD_TRY(network->log_, stream::open_embedded(options, network->clock_));
  RD_TRY(auto params, open_params(folder, *network->log_));
  for (uint32_t p = 0; p < network->log_->partition_count(); ++p) {
    RD_TRY(auto engine, feed::recover(*network->log_, params.get(), *network->blobs_,
                                      network->bundles_, PartitionId(p)));
    network->engines_.push_back(std::move(engine));
  }
  return network;
}

Result<bool> StoppedNetwork::append(const log::v1::Record& record, const std::string& name,
                                    const Where& there) {
  uint64_t now_us = clock_.now_us();
  std::vector<uint32_t> partitions;
  for (uint32_t p = 0; p < engines_.size(); ++p) {
    if (there(*engines_[p])) continue;
    RD_CHECK(engines_[p]->would_fold(record));
    partitions.push_back(p);
  }
  for (uint32_t p : partitions) {
    std::vector<stream::Message> batch;
    batch.push_back({records::activation_message_id(name, engines_[p]->next_offset()),
                     records::seal(record, now_us)});
    auto stored = stream::append_and_wait(*log_, PartitionId(p), std::move(batch),
                                          std::chrono::steady_clock::now() + kAppendMax);
    if (!stored.ok()) return std::move(stored).error();
  }
  return !partitions.empty();
}

Result<recommender::Bundle> resolve_bundle(const feed::BundleStore& bundles,
                                           const std::string& name) {
  if (name == "built-in") return recommender::Bundle::defaults();
  if (std::filesystem::exists(name)) return load_bundle(name);
  RD_TRY(auto kept, bundles.find_by_prefix(name));
  return *kept;
}

}  // namespace rondo::app
