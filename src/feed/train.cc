#include "feed/train.h"

#include "records/envelope.h"

namespace rondo::feed {
namespace {

constexpr uint64_t kReportRecords = 50'000;

// What says which engine and bundles the log was folded with passes as time. What partitions told
// each other does not come again: one engine after the other learns from all of them.
void neutralise(uint64_t time_us, log::v1::Record& record) {
  if (record.has_tick()) record.mutable_tick()->clear_deltas();
  bool names = record.has_bundle_activated() || record.has_engine_activated() ||
               record.has_experiment_started() || record.has_experiment_stopped();
  if (!names) return;
  record.mutable_tick()->set_epoch(time_us / 1'000'000);
}

}  // namespace

Result<recommender::Bundle> train(const stream::Stream& log, const recommender::Bundle& bundle,
                                  int epochs,
                                  const std::function<void(const TrainingProgress&)>& report) {
  recommender::Bundle out = bundle;
  for (int epoch = 1; epoch <= epochs; ++epoch) {
    // The partitions one after the other: each engine starts where the one before stopped.
    for (uint32_t p = 0; p < log.partition_count(); ++p) {
      PartitionId partition(p);
      RD_TRY(auto state, log.state(partition));
      if (state.first.value() != 0) {
        return not_found("the log begins at offset " + std::to_string(state.first.value()) +
                         " now; training needs it from its first record on");
      }
      if (state.end.value() == 0) continue;
      RD_TRY(auto engine, recommender::Engine::create(out, partition));
      while (engine->next_offset() < state.end) {
        RD_TRY(auto messages, log.read(partition, engine->next_offset(), {.messages_max = 1024}));
        if (messages.empty()) return corrupt("the log ends before its end");
        for (const auto& message : messages) {
          RD_TRY(auto opened, records::open(message.payload));
          neutralise(opened.time_us, opened.record);
          RD_CHECK(engine->apply(message.offset, opened.time_us, opened.record));
          uint64_t done = message.offset.value() + 1;
          if (done % kReportRecords == 0 || done == state.end.value()) {
            report({epoch, done, state.end.value(), engine->stats()});
          }
        }
      }
      RD_CHECK(out.load_weights(engine->weights().safetensors()));
    }
  }
  if (!out.start.weights) return not_found("the log is empty: there is nothing to learn from");
  return out;
}

}  // namespace rondo::feed
