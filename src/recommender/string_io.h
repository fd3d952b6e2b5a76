// A checkpoint to a string and back.
#pragma once

#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "recommender/engine.h"

namespace rondo::recommender {

class StringSink final : public Sink {
 public:
  void write(std::string_view bytes) override { text.append(bytes); }
  std::string text;
};

inline std::string saved(const Engine& engine) {
  StringSink sink;
  engine.save(sink);
  return std::move(sink.text);
}

// Refers to the text.
class StringSource final : public Source {
 public:
  explicit StringSource(std::string_view text) : rest_(text) {}
  Result<void> read(char* out, size_t size) override {
    if (rest_.size() < size) return corrupt("the checkpoint ends too soon");
    std::memcpy(out, rest_.data(), size);
    rest_.remove_prefix(size);
    return {};
  }

 private:
  std::string_view rest_;
};

}  // namespace rondo::recommender
