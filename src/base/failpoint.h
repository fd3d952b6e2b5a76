// Named places where a test can make the process die, to show that nothing acknowledged is lost.
//
// Armed only through the environment, read once at start:
//   RONDO_FAILPOINTS="stream.after_sync=5,blob.before_rename"     (the count: die at the 5th hit)
// Dying is `_exit(77)`: no destructors, no flushes, like kill -9. Costs one load when not armed.
#pragma once

#include <atomic>
#include <string_view>

namespace rondo::base {

extern std::atomic<bool> g_failpoints_armed;

// Reads RONDO_FAILPOINTS; call once in main.
void arm_failpoints_from_environment();
void hit_failpoint(std::string_view name);

inline void failpoint(std::string_view name) {
  if (g_failpoints_armed.load(std::memory_order_relaxed)) [[unlikely]] {
    hit_failpoint(name);
  }
}

}  // namespace rondo::base
