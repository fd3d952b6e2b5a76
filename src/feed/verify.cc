#include "feed/verify.h"

#include "feed/checkpoints.h"
#include "feed/params.h"
#include "records/envelope.h"

namespace rondo::feed {

Result<void> fold_until(const stream::Stream& log, const stream::Stream* params,
                        PartitionId partition, recommender::Engine& engine, Offset end) {
  while (engine.next_offset() < end) {
    uint64_t left = end.value() - engine.next_offset().value();
    RD_TRY(auto messages, log.read(partition, engine.next_offset(),
                                   {.messages_max = std::min<size_t>(left, 1024)}));
    if (messages.empty())
      return corrupt("the log ends before offset " + std::to_string(end.value()));
    for (const auto& message : messages) {
      RD_TRY(auto opened, records::open(message.payload));
      RD_TRY(auto deltas, deltas_of(opened.record, params));
      RD_CHECK(engine.apply(message.offset, opened.time_us, opened.record, deltas));
    }
  }
  return {};
}

Result<std::unique_ptr<recommender::Engine>> recover(
    const stream::Stream& log, const stream::Stream* params, blob::BlobStore& blobs,
    std::shared_ptr<const recommender::BundleSource> bundles, PartitionId partition) {
  RD_TRY(auto state, log.state(partition));
  std::vector<std::string> warnings;
  RD_TRY(auto engine,
         Checkpoints(blobs, partition).restore(std::move(bundles), state.end, warnings));
  if (engine->next_offset() < state.first) {
    return corrupt("the log begins at offset " + std::to_string(state.first.value()) +
                   ", and no readable checkpoint reaches it" +
                   (warnings.empty() ? "" : "; " + warnings.back()));
  }
  RD_CHECK(fold_until(log, params, partition, *engine, state.end));
  return engine;
}

Result<Verification> verify(const stream::Stream& log, const stream::Stream* params,
                            blob::BlobStore& blobs,
                            std::shared_ptr<const recommender::BundleSource> bundles,
                            PartitionId partition) {
  Verification out;
  RD_TRY(auto state, log.state(partition));
  out.end = state.end;
  RD_TRY(auto recovered, Checkpoints(blobs, partition).restore(bundles, state.end, out.warnings));
  out.restored_at = recovered->next_offset();
  RD_CHECK(fold_until(log, params, partition, *recovered, state.end));
  out.recovered = recovered->digest();
  if (state.first.value() == 0) {
    RD_TRY(auto whole,
           recommender::Engine::create(recommender::Bundle::defaults(), partition, bundles));
    RD_CHECK(fold_until(log, params, partition, *whole, state.end));
    out.uninterrupted = whole->digest();
  }
  return out;
}

}  // namespace rondo::feed
