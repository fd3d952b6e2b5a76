#include "base/failpoint.h"

#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>

namespace rondo::base {

std::atomic<bool> g_failpoints_armed{false};

namespace {

std::mutex mutex;
std::map<std::string, int, std::less<>> hits_left;  // guarded by mutex

}  // namespace

void arm_failpoints_from_environment() {
  const char* text = std::getenv("RONDO_FAILPOINTS");
  if (text == nullptr) return;
  std::lock_guard lock(mutex);
  for (std::string_view rest = text; !rest.empty();) {
    std::string_view item = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), item.size() + 1));
    size_t equals = item.find('=');
    int count = 1;
    if (equals != std::string_view::npos) {
      std::from_chars(item.data() + equals + 1, item.data() + item.size(), count);
    }
    hits_left[std::string(item.substr(0, equals))] = count;
  }
  g_failpoints_armed = !hits_left.empty();
}

void hit_failpoint(std::string_view name) {
  std::lock_guard lock(mutex);
  auto it = hits_left.find(name);
  if (it == hits_left.end() || --it->second > 0) return;
  std::fprintf(stderr, "rondo: failpoint %.*s reached, exiting\n", static_cast<int>(name.size()),
               name.data());
  _exit(77);
}

}  // namespace rondo::base
