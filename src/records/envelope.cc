#include "records/envelope.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/unknown_field_set.h>

namespace rondo::records {

namespace {

std::string serialise(const google::protobuf::MessageLite& message) {
  std::string out;
  {
    google::protobuf::io::StringOutputStream stream(&out);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    RD_ASSERT(message.SerializeToCodedStream(&coded));
  }
  return out;
}

}  // namespace

std::string seal(const log::v1::Record& record, uint64_t time_us) {
  RD_ASSERT(record.body_case() != log::v1::Record::BODY_NOT_SET);
  log::v1::Envelope envelope;
  envelope.set_schema(kEnvelopeSchema);
  envelope.set_time_us(time_us);
  envelope.set_payload(serialise(record));
  std::string bytes = serialise(envelope);
  RD_ASSERT(bytes.size() <= kEnvelopeBytesMax);
  return bytes;
}

Result<Opened> open(std::string_view bytes) {
  if (bytes.size() > kEnvelopeBytesMax) {
    return base::corrupt("an envelope of " + std::to_string(bytes.size()) +
                         " bytes is over the limit of " + std::to_string(kEnvelopeBytesMax));
  }
  log::v1::Envelope envelope;
  if (!envelope.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return base::corrupt("the " + std::to_string(bytes.size()) + " bytes are not an envelope");
  }
  if (envelope.schema() != kEnvelopeSchema) {
    return base::conflict("the envelope's schema is " + std::to_string(envelope.schema()) +
                          "; this program reads schema " + std::to_string(kEnvelopeSchema) +
                          ": run the version of Rondo that wrote it")
        .with_reason("schema_unknown");
  }
  if (!envelope.key_id().empty() || !envelope.nonce().empty()) {
    return base::denied("the record is encrypted and opening it needs a key, which was not given")
        .with_reason("key_needed");
  }
  Opened opened;
  opened.time_us = envelope.time_us();
  if (!opened.record.ParseFromString(envelope.payload())) {
    return base::corrupt("the envelope's payload of " + std::to_string(envelope.payload().size()) +
                         " bytes is not a record");
  }
  // A record has one body. One of a later version shows up as a field that is not known here.
  const auto& unknown = opened.record.GetReflection()->GetUnknownFields(opened.record);
  if (!unknown.empty()) {
    return base::conflict("record type " + std::to_string(unknown.field(0).number()) +
                          " is not known to this program: run the version of Rondo that wrote it")
        .with_reason("record_type_unknown");
  }
  if (opened.record.body_case() == log::v1::Record::BODY_NOT_SET) {
    return base::corrupt("the record is empty: it has no body");
  }
  return opened;
}

}  // namespace rondo::records
