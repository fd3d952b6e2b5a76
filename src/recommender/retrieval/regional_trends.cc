#include "recommender/retrieval/regional_trends.h"

#include <algorithm>

#include "recommender/kernels/math.h"

namespace rondo::recommender::retrieval {
namespace {

constexpr double kHalfLifeUs = 86'400'000'000.0;
// A key's merit is read as a float: what is smaller has faded.
constexpr double kFaded = -100;

auto list_at(auto& lists, Region region) {
  return std::lower_bound(lists.begin(), lists.end(), region,
                          [](const auto& list, Region wanted) { return list.region < wanted; });
}

double key_of(float merit, double now) { return static_cast<double>(kernels::log2(merit)) + now; }

float merit_of(double key, double now) {
  const double log2 = key - now;
  if (log2 < kFaded) return 0;
  return kernels::exp(static_cast<float>(log2) * 0.693147181f);
}

}  // namespace

Region region_of(std::string_view code) {
  const auto is_capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (code.size() != 2 || !is_capital(code[0]) || !is_capital(code[1])) return 0;
  return static_cast<Region>((code[0] - 'A') * 26 + (code[1] - 'A') + 1);
}

std::string region_name(Region region) {
  if (region == 0) return "";
  return {static_cast<char>('A' + (region - 1) / 26), static_cast<char>('A' + (region - 1) % 26)};
}

void RegionalTrends::note(Region region, uint32_t video, float merit, bool finish,
                          uint64_t now_us) {
  if (region == 0) return;
  auto list = list_at(lists_, region);
  if (list == lists_.end() || list->region != region) list = lists_.insert(list, List{region, {}});
  auto& trends = list->trends;
  const auto by_video = [](const Trend& trend, uint32_t wanted) { return trend.video < wanted; };
  const double now = static_cast<double>(now_us) / kHalfLifeUs;
  auto at = std::lower_bound(trends.begin(), trends.end(), video, by_video);
  if (at == trends.end() || at->video != video) {
    Trend fresh{video, 0, now + kFaded};
    if (trends.size() == kVideosMax) {
      auto least = std::min_element(trends.begin(), trends.end(),
                                    [](const auto& a, const auto& b) { return a.key < b.key; });
      fresh.key = least->key;
      trends.erase(least);
      at = std::lower_bound(trends.begin(), trends.end(), video, by_video);
    }
    at = trends.insert(at, fresh);
  }
  at->key = key_of(merit_of(at->key, now) + merit, now);
  if (finish && at->finishes < UINT32_MAX) ++at->finishes;
}

std::span<const RegionalTrends::Trend> RegionalTrends::of(Region region) const {
  auto list = list_at(lists_, region);
  if (list == lists_.end() || list->region != region) return {};
  return list->trends;
}

Result<void> RegionalTrends::restore(std::vector<List> lists, size_t videos) {
  Region before = 0;
  for (const List& list : lists) {
    bool fits = list.region > before && list.region <= kRegionsMax && !list.trends.empty() &&
                list.trends.size() <= kVideosMax;
    for (size_t i = 0; i < list.trends.size(); ++i) {
      const Trend& trend = list.trends[i];
      // Written so that a NaN does not fit.
      fits = fits && trend.video < videos && (i == 0 || list.trends[i - 1].video < trend.video) &&
             trend.key > -1e9 && trend.key < 1e9;
    }
    if (!fits) return corrupt("regional trends: a list does not fit the rest");
    before = list.region;
  }
  lists_ = std::move(lists);
  return {};
}

}  // namespace rondo::recommender::retrieval
