#include "runtime/rate_limit.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace rondo::runtime {

double RateLimit::level(const Bucket& bucket, uint64_t now_us) const {
  double seconds = now_us > bucket.at_us ? static_cast<double>(now_us - bucket.at_us) * 1e-6 : 0;
  return std::min(burst_, bucket.tokens + seconds * per_second_);
}

void RateLimit::forget_idle(uint64_t now_us) {
  std::vector<double> levels;
  levels.reserve(buckets_.size());
  for (const auto& [key, bucket] : buckets_) levels.push_back(level(bucket, now_us));
  auto middle = levels.begin() + static_cast<ptrdiff_t>(levels.size() / 2);
  std::nth_element(levels.begin(), middle, levels.end());
  double median = *middle;
  size_t left = buckets_.size() / 2;
  std::erase_if(buckets_, [&](const auto& entry) {
    return left > 0 && level(entry.second, now_us) >= median && left-- > 0;
  });
}

int RateLimit::take(std::string_view key, double tokens, uint64_t now_us) {
  std::lock_guard lock(mutex_);
  if (buckets_.size() >= keys_max_) forget_idle(now_us);
  auto [it, created] = buckets_.try_emplace(std::string(key), Bucket{burst_, now_us});
  double now_tokens = level(it->second, now_us);
  if (now_tokens < tokens) {
    return std::max(1, static_cast<int>(std::ceil((tokens - now_tokens) / per_second_)));
  }
  it->second = {now_tokens - tokens, now_us};
  return 0;
}

}  // namespace rondo::runtime
