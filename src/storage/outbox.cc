#include "storage/outbox.h"

#include "base/bytes.h"
#include "storage/sequence.h"

namespace rondo::storage {

namespace {

constexpr long long kEveryPartition = -1;

}  // namespace

Result<void> outbox_put(soci::session& sql, const OutboxMessage& message) {
  if (message.message_id.empty()) return base::invalid("an outbox message has no message id");
  if (message.payload.size() > kOutboxPayloadBytesMax) {
    return base::invalid("an outbox payload of " + std::to_string(message.payload.size()) +
                         " bytes is over the limit of " + std::to_string(kOutboxPayloadBytesMax));
  }
  RD_TRY(uint64_t id, next_in_sequence(sql, "outbox"));
  const auto row = static_cast<long long>(id);
  const auto created = static_cast<long long>(message.created_us);
  const long long destination =
      message.partition ? static_cast<long long>(message.partition->value()) : kEveryPartition;
  const std::string payload = base::to_base64url(message.payload);
  sql << "INSERT INTO outbox (id, message_id, destination, payload, created_us) "
         "VALUES (:id, :message_id, :destination, :payload, :created) "
         "ON CONFLICT (message_id, destination) DO NOTHING",
      soci::use(row, "id"), soci::use(message.message_id, "message_id"),
      soci::use(destination, "destination"), soci::use(payload, "payload"),
      soci::use(created, "created");
  return {};
}

Result<std::vector<OutboxMessage>> outbox_peek(soci::session& sql, size_t count_max) {
  const auto limit = static_cast<long long>(count_max);
  soci::rowset<soci::row> rows =
      (sql.prepare << "SELECT id, message_id, destination, payload, created_us FROM outbox "
                      "ORDER BY id LIMIT :limit",
       soci::use(limit, "limit"));
  std::vector<OutboxMessage> messages;
  for (const soci::row& row : rows) {
    OutboxMessage message;
    message.id = static_cast<uint64_t>(row.get<long long>(0));
    message.message_id = row.get<std::string>(1);
    const auto destination = row.get<long long>(2);
    if (destination != kEveryPartition) {
      message.partition = PartitionId(static_cast<uint64_t>(destination));
    }
    auto payload = base::from_base64(row.get<std::string>(3));
    if (!payload.ok()) {
      return base::corrupt("the payload of outbox message '" + message.message_id +
                           "' is not base64url");
    }
    message.payload = std::move(*payload);
    message.created_us = static_cast<uint64_t>(row.get<long long>(4));
    messages.push_back(std::move(message));
  }
  return messages;
}

Result<void> outbox_done(soci::session& sql, uint64_t id) {
  const auto row = static_cast<long long>(id);
  sql << "DELETE FROM outbox WHERE id = :id", soci::use(row, "id");
  return {};
}

Result<uint64_t> outbox_size(soci::session& sql) {
  long long count = 0;
  sql << "SELECT COUNT(*) FROM outbox", soci::into(count);
  return static_cast<uint64_t>(count);
}

}  // namespace rondo::storage
