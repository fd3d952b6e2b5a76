#include "feed/replay.h"

#include "base/bytes.h"
#include "feed/checkpoints.h"
#include "feed/verify.h"
#include "recommender/engine.h"
#include "records/envelope.h"
#include "records/routing.h"

namespace rondo::feed {
namespace {

Error unknown_page() {
  return not_found("there is no such page; page ids come with every For You page");
}

void compare(Replay& replay) {
  const auto& a = replay.served;
  const auto& b = replay.recomputed;
  replay.equal = a.SerializeAsString() == b.SerializeAsString();
  if (replay.equal) return;
  auto note = [&](const std::string& what, const std::string& was, const std::string& is) {
    if (was != is) replay.differences.push_back(what + " was " + was + ", recomputed " + is);
  };
  note("the number of slots", std::to_string(a.slots_size()), std::to_string(b.slots_size()));
  note("the number of candidates", std::to_string(a.candidates()), std::to_string(b.candidates()));
  note("the seed", base::to_hex(a.seed()), base::to_hex(b.seed()));
  note("the offset", std::to_string(a.ranked_at_offset()), std::to_string(b.ranked_at_offset()));
  for (int i = 0; i < std::min(a.slots_size(), b.slots_size()); ++i) {
    std::string slot = "slot " + std::to_string(i);
    note(slot + "'s video", base::id_to_text(a.slots(i).video_id()),
         base::id_to_text(b.slots(i).video_id()));
    note(slot + "'s source", log::v1::Source_Name(a.slots(i).source()),
         log::v1::Source_Name(b.slots(i).source()));
    note(slot + "'s score", std::to_string(a.slots(i).score()), std::to_string(b.slots(i).score()));
    note(slot + "'s propensity", std::to_string(a.slots(i).propensity()),
         std::to_string(b.slots(i).propensity()));
    if (a.slots(i).SerializeAsString() != b.slots(i).SerializeAsString()) {
      replay.differences.push_back(slot + " differs in its bytes");
    }
  }
  if (replay.differences.empty()) replay.differences.push_back("the records differ in their bytes");
}

}  // namespace

Result<log::v1::Served> find_page(const stream::Stream& log, const records::PageId& id) {
  if (id.partition.value() >= log.partition_count()) return unknown_page();
  RD_TRY(auto state, log.state(id.partition));
  if (id.offset >= state.end) return unknown_page();
  if (id.offset < state.first) {
    return exhausted("this page can no longer be replayed: the log is kept from offset " +
                     std::to_string(state.first.value()) + " on, the page stands at " +
                     std::to_string(id.offset.value()))
        .with_reason("beyond_horizon");
  }
  RD_TRY(auto messages, log.read(id.partition, id.offset, {.messages_max = 1}));
  if (messages.empty()) return unknown_page();
  RD_TRY(auto opened, records::open(messages.front().payload));
  if (!opened.record.has_served() || opened.record.served().nonce() != id.nonce) {
    return unknown_page();
  }
  return std::move(*opened.record.mutable_served());
}

Result<Replay> replay(const stream::Stream& log, const stream::Stream* params,
                      blob::BlobStore& blobs,
                      std::shared_ptr<const recommender::BundleSource> bundles,
                      const records::PageId& id) {
  Replay out;
  RD_TRY(out.served, find_page(log, id));
  if (out.served.engine_version() != recommender::kEngineVersion) {
    return conflict("this page was ranked by engine " + out.served.engine_version() +
                    "; this program has " + std::string(recommender::kEngineVersion));
  }
  Offset ranked_at(out.served.ranked_at_offset());
  Checkpoints checkpoints(blobs, id.partition);
  RD_TRY(auto engine, checkpoints.restore(bundles, ranked_at, out.warnings));
  out.restored_at = engine->next_offset();
  RD_TRY(auto state, log.state(id.partition));
  if (engine->next_offset() < state.first) {
    return exhausted(
               "this page can no longer be replayed: no checkpoint before it is kept, and "
               "the log begins at offset " +
               std::to_string(state.first.value()))
        .with_reason("beyond_horizon");
  }
  RD_CHECK(fold_until(log, params, id.partition, *engine, ranked_at));
  RD_TRY(out.recomputed, engine->rank(out.served.request()));
  out.recomputed.set_nonce(out.served.nonce());
  compare(out);
  return out;
}

}  // namespace rondo::feed
