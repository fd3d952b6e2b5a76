// How far a long step is, on standard error: a line when it begins, one for each fifth, and the
// seconds that it took. Not thread safe.
#pragma once

#include <chrono>
#include <cstdio>
#include <string>

namespace rondo::evaluation {

class Progress {
 public:
  Progress(std::string what, size_t total) : what_(std::move(what)), total_(total) {
    std::fprintf(stderr, "%s: %zu\n", what_.c_str(), total_);
  }
  ~Progress() { std::fprintf(stderr, "%s: done in %.1f s\n", what_.c_str(), seconds()); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void step() {
    ++done_;
    if (done_ >= total_ || done_ * 5 / total_ == (done_ - 1) * 5 / total_) return;
    std::fprintf(stderr, "%s: %zu of %zu, %.1f s\n", what_.c_str(), done_, total_, seconds());
  }
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
  }

 private:
  std::string what_;
  size_t total_;
  size_t done_ = 0;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

}  // namespace rondo::evaluation
