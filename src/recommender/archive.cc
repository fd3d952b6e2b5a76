#include "recommender/archive.h"

#include <fmt/format.h>

namespace rondo::recommender {
namespace {

struct Header {
  uint32_t section;
  uint32_t size;
  uint32_t crc;
};

uint32_t block_crc(uint32_t section, std::string_view payload) {
  std::string prefix;
  base::ByteWriter writer(prefix);
  writer.put(section);
  writer.put(static_cast<uint32_t>(payload.size()));
  return base::crc32c(payload, base::crc32c(prefix, 0));
}

std::string section_name(uint32_t tag) {
  std::string name;
  for (int i = 0; i < 4; ++i) {
    char c = static_cast<char>(tag >> (8 * i));
    name.push_back(c >= 'A' && c <= 'Z' ? c : '?');
  }
  return name;
}

}  // namespace

void ArchiveWriter::begin(uint32_t section) {
  RD_ASSERT(buffer_.empty());
  section_ = section;
  std::string tag;
  base::ByteWriter(tag).put(section);
  hash_.update(tag);
}

void ArchiveWriter::flush() {
  if (buffer_.empty()) return;
  RD_ASSERT(buffer_.size() <= kBlockBytesMax);
  hash_.update(buffer_);
  if (sink_ != nullptr) {
    std::string header;
    base::ByteWriter writer(header);
    writer.put(section_);
    writer.put(static_cast<uint32_t>(buffer_.size()));
    writer.put(block_crc(section_, buffer_));
    sink_->write(header);
    sink_->write(buffer_);
  }
  buffer_.clear();
}

void ArchiveReader::begin(uint32_t section) {
  section_ = section;
  rest_ = {};
}

void ArchiveReader::end() {
  if (ok() && !rest_.empty()) {
    fail(corrupt(fmt::format("checkpoint: section {} holds {} bytes too many",
                             section_name(section_), rest_.size())));
  }
}

bool ArchiveReader::need() {
  if (ok() && rest_.empty()) read_block();
  return ok();
}

void ArchiveReader::read_block() {
  char raw[sizeof(Header)];
  if (auto read = source_.read(raw, sizeof raw); !read.ok()) return fail(std::move(read).error());
  base::ByteReader reader({raw, sizeof raw});
  Header header{*reader.get<uint32_t>(), *reader.get<uint32_t>(), *reader.get<uint32_t>()};
  if (header.section != section_) {
    return fail(corrupt(fmt::format("checkpoint: section {} is expected, {} is there",
                                    section_name(section_), section_name(header.section))));
  }
  if (header.size == 0 || header.size > kBlockBytesMax) {
    return fail(corrupt(fmt::format("checkpoint: a block of section {} claims {} bytes; 1 to {}",
                                    section_name(section_), header.size, kBlockBytesMax)));
  }
  block_.resize(header.size);
  if (auto read = source_.read(block_.data(), block_.size()); !read.ok()) {
    return fail(std::move(read).error());
  }
  if (block_crc(header.section, block_) != header.crc) {
    return fail(corrupt(fmt::format("checkpoint: a block of section {} does not fit its checksum",
                                    section_name(section_))));
  }
  rest_ = block_;
}

}  // namespace rondo::recommender
