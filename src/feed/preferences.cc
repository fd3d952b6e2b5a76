#include "feed/preferences.h"

#include <algorithm>
#include <set>
#include <string>

#include "records/validate.h"

namespace rondo::feed {
namespace {

using recommender::ViewerPreferences;

Error no_room(std::string field, std::string_view what, size_t would_be, size_t max) {
  return invalid("that would make " + std::to_string(would_be) + " " + std::string(what) +
                 "; there is room for " + std::to_string(max) + ": take one back first")
      .with_field(std::move(field))
      .with_reason("too_many");
}

// In the order of the fold: reset, topics, unmute, mute.
Result<void> fits(const ViewerPreferences& now, const log::v1::PreferenceChanged& change) {
  std::set<std::string> levels;
  for (const auto& level : now.levels) {
    bool again = change.reset_turned_down() && level.level == records::kLevelNever;
    if (!again) levels.insert(level.topic);
  }
  for (const auto& wish : change.topics()) {
    if (wish.level() == 0) {
      levels.erase(wish.topic());
    } else {
      levels.insert(wish.topic());
    }
  }
  if (levels.size() > records::kTopicLevelsMax) {
    return no_room("topics", "topics", levels.size(), records::kTopicLevelsMax);
  }
  std::set<std::string> muted(now.muted.begin(), now.muted.end());
  for (const auto& text : change.unmute()) muted.erase(text);
  for (const auto& phrase : change.mute()) muted.insert(phrase.text());
  if (muted.size() > records::kMutedMax) {
    return no_room("mute", "muted phrases", muted.size(), records::kMutedMax);
  }
  return {};
}

}  // namespace

runtime::Task<Result<ViewerPreferences>> Preferences::read(EngineId viewer) {
  using Answer = Result<ViewerPreferences>;
  PartitionHost& host = hosts_.of(viewer);
  auto deadline = std::chrono::steady_clock::now() + wait_max_;
  std::function<void(std::function<void(Answer)>)> start =
      [&host, viewer, deadline](std::function<void(Answer)> done) {
        host.preferences(viewer, deadline, std::move(done));
      };
  co_return co_await runtime::await_callback<Answer>(std::move(start));
}

runtime::Task<Result<Preferences::Changed>> Preferences::change(log::v1::Record change) {
  EngineId viewer(change.preference_changed().viewer_id());
  RD_CO_TRY(auto before, co_await read(viewer));
  RD_CO_CHECK(fits(before, change.preference_changed()));
  std::vector<log::v1::Record> records;
  records.push_back(std::move(change));
  Changed out;
  RD_CO_TRY(out.offset, co_await events_.append(viewer, std::move(records)));
  auto now = co_await read(viewer);
  if (!now.ok()) {
    co_return unavailable("the change is stored and will count; " + now.error().message())
        .with_reason("stored_not_applied");
  }
  out.now = std::move(now).value();
  co_return out;
}

}  // namespace rondo::feed
