#include "stream/stream.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>

namespace rondo::stream {

Result<std::vector<Appended>> append_and_wait(Stream& stream, PartitionId partition,
                                              std::vector<Message> batch, base::Deadline deadline) {
  // Shared with the handler, which may be called after the caller has given up.
  struct Shared {
    std::mutex mutex;
    std::condition_variable done;
    std::optional<Result<std::vector<Appended>>> result;
  };
  auto shared = std::make_shared<Shared>();
  stream.append(partition, std::move(batch), [shared](Result<std::vector<Appended>> result) {
    std::lock_guard lock(shared->mutex);
    shared->result.emplace(std::move(result));
    shared->done.notify_one();
  });
  std::unique_lock lock(shared->mutex);
  if (!shared->done.wait_until(lock, deadline, [&] { return shared->result.has_value(); })) {
    return base::unavailable(
               "the log has not acknowledged the append in time; it may still be stored: append "
               "again under the same message ids")
        .with_reason("append_timeout");
  }
  return std::move(*shared->result);
}

}  // namespace rondo::stream
