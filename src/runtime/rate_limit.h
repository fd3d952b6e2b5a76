// Token buckets by key, bounded in number: how often somebody may do something.
//
// A bucket holds `burst` tokens and gains `per_second` of them. When more than `keys_max` keys are
// known, the fullest (least active) half is forgotten. Thread safe.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace rondo::runtime {

class RateLimit {
 public:
  RateLimit(double per_second, double burst, size_t keys_max)
      : per_second_(per_second), burst_(burst), keys_max_(keys_max) {}

  // Takes `tokens`; 0 when allowed, else the seconds to wait (at least 1), and nothing is taken.
  int take(std::string_view key, double tokens, uint64_t now_us);

 private:
  struct Bucket {
    double tokens;
    uint64_t at_us;
  };
  double level(const Bucket& bucket, uint64_t now_us) const;
  void forget_idle(uint64_t now_us);

  const double per_second_;
  const double burst_;
  const size_t keys_max_;
  std::mutex mutex_;
  std::unordered_map<std::string, Bucket> buckets_;  // guarded by mutex_
};

}  // namespace rondo::runtime
