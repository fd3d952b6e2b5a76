#include "stream/embedded/read_only_log.h"

#include "stream/embedded/ends_file.h"
#include "stream/embedded/log_store.h"

namespace rondo::stream {
namespace {

Error refused() { return denied("this log was opened for reading only"); }

class ReadOnlyLog final : public Stream {
 public:
  ReadOnlyLog(std::unique_ptr<LogStore> store, std::vector<PartitionMarks> marks)
      : store_(std::move(store)), marks_(std::move(marks)) {}

  uint32_t partition_count() const override { return static_cast<uint32_t>(marks_.size()); }

  void append(PartitionId, std::vector<Message>, AppendHandler done) override { done(refused()); }

  Result<std::vector<StoredMessage>> read(PartitionId partition, Offset from,
                                          ReadLimits limits) const override {
    RD_TRY(auto now, state(partition));
    if (from < now.first) {
      return not_found("the log begins at offset " + std::to_string(now.first.value()));
    }
    if (from > now.end) {
      return invalid("the log ends at offset " + std::to_string(now.end.value()));
    }
    return store_->read(partition, from, now.end, limits);
  }

  Result<PartitionState> state(PartitionId partition) const override {
    if (partition.value() >= marks_.size()) return not_found("there is no such partition");
    const auto& marks = marks_[partition.value()];
    return PartitionState{marks.first.offset, marks.end.offset,
                          marks.end.bytes_before - marks.first.bytes_before};
  }

  Result<Offset> wait_beyond(PartitionId partition, Offset, base::Deadline) const override {
    RD_TRY(auto now, state(partition));
    return now.end;
  }

  Result<void> pin(PartitionId, Offset) override { return refused(); }
  Result<Offset> enforce(PartitionId, const Retention&) override { return refused(); }

 private:
  const std::unique_ptr<LogStore> store_;
  const std::vector<PartitionMarks> marks_;  // by partition
};

}  // namespace

Result<std::unique_ptr<Stream>> open_embedded_read_only(const std::filesystem::path& dir) {
  std::error_code ignored;
  if (!std::filesystem::exists(dir / "ends", ignored)) {
    return not_found("there is no log in " + dir.string());
  }
  RD_TRY(EndsFile ends, EndsFile::open(dir / "ends"));
  RD_TRY(auto store, LogStore::open_read_only(dir / "db"));
  std::vector<PartitionMarks> marks;
  for (size_t p = 0; p < ends.ends().size(); ++p) {
    RD_TRY(auto of, store->marks(PartitionId(p)));
    marks.push_back(of);
  }
  return std::unique_ptr<Stream>(std::make_unique<ReadOnlyLog>(std::move(store), std::move(marks)));
}

}  // namespace rondo::stream
