#include "recommender/bundle.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <charconv>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "recommender/weights.h"

namespace rondo::recommender {
namespace {

constexpr uint32_t kSchema = 1;
constexpr size_t kTextBytesMax = 256 << 10;

constexpr std::array<std::string_view, kHeads> kHeadNames{
    "skip",  "finish", "watch",  "like",           "comment",
    "share", "save",   "follow", "not_interested", "report"};
constexpr std::array<std::string_view, kFeatures> kFeatureNames{"topic_affinity",
                                                                "author_affinity",
                                                                "follows_author",
                                                                "video_finish_rate",
                                                                "video_skip_rate",
                                                                "video_like_rate",
                                                                "video_impressions",
                                                                "freshness",
                                                                "topic_finish_rate",
                                                                "author_finish_rate",
                                                                "duration",
                                                                "language_match",
                                                                "viewer_skip_rate",
                                                                "viewer_finish_rate",
                                                                "position",
                                                                "topic_novelty",
                                                                "taste",
                                                                "co_watch_lift",
                                                                "topic_lately",
                                                                "author_lately",
                                                                "language_lately",
                                                                "length_lately",
                                                                "topic_repeats",
                                                                "author_repeats"};
constexpr std::array<std::string_view, kTastes> kTasteNames{"topic", "author", "language",
                                                            "length"};
constexpr std::array<std::string_view, kSlots> kSlotNames{"viewer", "video", "author", "topic",
                                                          "duration"};

// One leaf of the text: its path, where it lives, its range. The list of them is the format: both
// directions walk it, so they cannot disagree.
struct Field {
  std::string path;  // "section.name" or deeper
  std::variant<uint32_t*, float*> at;
  double min;
  double max;
};

std::vector<Field> fields_of(Bundle& b) {
  std::vector<Field> f;
  auto add = [&f](std::string path, auto& member, double min, double max) {
    f.push_back({std::move(path), &member, min, max});
  };
  add("model.dimensions", b.model.dimensions, 16, 128);
  add("model.init_scale", b.model.init_scale, 0, 1);
  add("model.history_decay", b.model.history_decay, 0, 1);
  add("model.history_attended", b.model.history_attended, 0, 128);
  add("model.hidden_1", b.model.hidden_1, 16, 256);
  add("model.hidden_2", b.model.hidden_2, 16, 256);
  for (size_t h = 0; h < kHeads; ++h) {
    std::string at = fmt::format("heads.{}.", kHeadNames[h]);
    auto& head = b.heads[h];
    add(at + "prior", head.prior, 0.00001, 0.999);
    add(at + "loss_weight", head.loss_weight, 0, 10);
    add(at + "value_weight", head.value_weight, -100, 100);
    add(at + "negative_share", head.negative_share, 0.01, 1);
    for (size_t i = 0; i < kFeatures; ++i) {
      add(fmt::format("{}features.{}", at, kFeatureNames[i]), head.features[i], -10, 10);
    }
  }
  for (size_t s = 0; s < kSlots; ++s) {
    std::string at = fmt::format("slots.{}.", kSlotNames[s]);
    add(at + "admit_after", b.slots[s].admit_after, 1, 1000);
    add(at + "ttl_hours", b.slots[s].ttl_hours, 1, 24 * 366 * 5);
    add(at + "rows_max", b.slots[s].rows_max, 1, 1 << 28);
  }
  add("training.batch_examples", b.training.batch_examples, 1, 4096);
  add("training.viewer_examples_max", b.training.viewer_examples_max, 1, 4096);
  add("training.embedding_rate", b.training.embedding_rate, 0, 1);
  add("training.dense_rate", b.training.dense_rate, 0, 1);
  add("training.adagrad_initial", b.training.adagrad_initial, 1e-6, 100);
  add("training.gradient_norm_max", b.training.gradient_norm_max, 1e-3, 1000);
  add("training.dense_gradient_norm_max", b.training.dense_gradient_norm_max, 1e-3, 10000);
  add("training.logit_max", b.training.logit_max, 1, 30);
  add("training.loss_max", b.training.loss_max, 0.1, 1000);
  add("outcomes.skip_ms", b.outcomes.skip_ms, 100, 60000);
  add("outcomes.finish_fraction", b.outcomes.finish_fraction, 0.5, 1);
  add("outcomes.reservation_minutes", b.outcomes.reservation_minutes, 1, 24 * 60);
  add("outcomes.soon_minutes", b.outcomes.soon_minutes, 1, 24 * 60);
  add("outcomes.late_minutes", b.outcomes.late_minutes, 1, 7 * 24 * 60);
  add("affinity.half_life_hours", b.affinity.half_life_hours, 1, 24 * 366);
  add("affinity.event_decay", b.affinity.event_decay, 0, 1);
  add("affinity.smoothing", b.affinity.smoothing, 0.01, 100);
  add("affinity.finish", b.affinity.finish, 0, 100);
  add("affinity.watch", b.affinity.watch, 0, 100);
  add("affinity.like", b.affinity.like, 0, 100);
  add("affinity.skip", b.affinity.skip, 0, 100);
  add("affinity.not_interested", b.affinity.not_interested, 0, 100);
  add("affinity.minor_topic", b.affinity.minor_topic, 0, 1);
  for (size_t t = 0; t < kTastes; ++t) {
    std::string at = fmt::format("tastes.{}.", kTasteNames[t]);
    add(at + "deviation", b.tastes.deviation[t], 0, 10);
    add(at + "drift", b.tastes.drift[t], 0, 100);
  }
  add("tastes.half_life_hours", b.tastes.half_life_hours, 1, 24 * 366);
  add("tastes.doubt_max", b.tastes.doubt_max, 0.5, 1000);
  add("tastes.turned_left", b.tastes.turned_left, 0, 1);
  add("value.topic_affinity", b.value.topic_affinity, -100, 100);
  add("value.topic_lately", b.value.topic_lately, -100, 100);
  add("value.author_affinity", b.value.author_affinity, -100, 100);
  add("value.follows_author", b.value.follows_author, -100, 100);
  add("value.freshness", b.value.freshness, -100, 100);
  add("value.novelty", b.value.novelty, -100, 100);
  add("value.taste", b.value.taste, -100, 100);
  add("value.co_watch", b.value.co_watch, -100, 100);
  add("value.popularity", b.value.popularity, -100, 100);
  add("value.asked_topic", b.value.asked_topic, 0, 100);
  add("towers.dimensions", b.towers.dimensions, 16, 256);
  add("towers.init_scale", b.towers.init_scale, 0, 1);
  add("towers.adagrad_initial", b.towers.adagrad_initial, 1e-6, 100);
  add("towers.history_decay", b.towers.history_decay, 0, 1);
  add("towers.negatives", b.towers.negatives, 1, 4096);
  add("towers.rate", b.towers.rate, 0, 1);
  add("towers.mix_rate", b.towers.mix_rate, 0, 1);
  add("towers.decay", b.towers.decay, 0, 1);
  add("towers.lists_from", b.towers.lists_from, 64, 1 << 24);
  add("towers.lists", b.towers.lists, 16, 4096);
  add("towers.probed_share", b.towers.probed_share, 0.001, 1);
  add("co_watch.window", b.co_watch.window, 0, 4096);
  add("co_watch.viewer_share", b.co_watch.viewer_share, 0, 1);
  add("co_watch.neighbours_max", b.co_watch.neighbours_max, 1, 4096);
  add("co_watch.neighbours_solved", b.co_watch.neighbours_solved, 1, 512);
  add("co_watch.regularization", b.co_watch.regularization, 0.01, 10000);
  add("co_watch.dropout", b.co_watch.dropout, 0, 0.9);
  add("co_watch.solve_per_tick", b.co_watch.solve_per_tick, 0, 4096);
  add("candidates.personal", b.candidates.personal, 1, 5000);
  add("candidates.match", b.candidates.match, 0, 5000);
  add("candidates.followed", b.candidates.followed, 0, 5000);
  add("candidates.liked_by_followed", b.candidates.liked_by_followed, 0, 5000);
  add("candidates.sound", b.candidates.sound, 0, 5000);
  add("candidates.co_watch", b.candidates.co_watch, 0, 5000);
  add("candidates.trending_region", b.candidates.trending_region, 0, 5000);
  add("candidates.trending", b.candidates.trending, 1, 5000);
  add("candidates.fresh", b.candidates.fresh, 1, 5000);
  add("candidates.exploration", b.candidates.exploration, 1, 5000);
  add("candidates.topic_champions", b.candidates.topic_champions, 0, 5000);
  add("rules.author_gap", b.rules.author_gap, 0, 32);
  add("rules.topic_run_max", b.rules.topic_run_max, 1, 32);
  add("rules.window_slots", b.rules.window_slots, 1, 64);
  add("rules.topic_share_max", b.rules.topic_share_max, 0.05, 1);
  add("rules.repeat_penalty", b.rules.repeat_penalty, 0, 100);
  add("rules.cold_repeat_penalty", b.rules.cold_repeat_penalty, 0, 100);
  add("rules.cold_outcomes", b.rules.cold_outcomes, 0.1, 1000);
  add("rules.likeness_penalty", b.rules.likeness_penalty, 0, 100);
  add("rules.likeness_compared", b.rules.likeness_compared, 1, 1000);
  add("rules.temperature", b.rules.temperature, 0.001, 100);
  add("exploration.uniform_share", b.exploration.uniform_share, 0, 0.5);
  add("exploration.new_video_share", b.exploration.new_video_share, 0, 0.5);
  add("exploration.debut_hours", b.exploration.debut_hours, 0, 1000);
  add("exploration.debut_outcomes", b.exploration.debut_outcomes, 0.1, 1000);
  add("exploration.debut_share_max", b.exploration.debut_share_max, 0, 0.5);
  add("exploration.new_topic_share", b.exploration.new_topic_share, 0, 0.5);
  add("exploration.new_topic_outcomes", b.exploration.new_topic_outcomes, 0.1, 1000);
  add("exploration.bonus", b.exploration.bonus, 0, 100);
  add("exploration.temperature", b.exploration.temperature, 0.001, 100);
  for (size_t i = 0; i < b.exploration.budget_impressions.size(); ++i) {
    add(fmt::format("exploration.budget_impressions.stage_{}", i + 1),
        b.exploration.budget_impressions[i], 1, 1 << 30);
  }
  add("exploration.promotion", b.exploration.promotion, 0, 10);
  add("limits.viewers_max", b.limits.viewers_max, 1, 1 << 27);
  add("limits.videos_max", b.limits.videos_max, 1, 1 << 24);
  add("limits.authors_max", b.limits.authors_max, 1, 1 << 27);
  add("limits.topics_max", b.limits.topics_max, 1, 1 << 24);
  add("limits.pending_slots_max", b.limits.pending_slots_max, 64, 1 << 27);
  add("limits.viewer_history_max", b.limits.viewer_history_max, 16, 4096);
  add("limits.viewer_reserved_max", b.limits.viewer_reserved_max, 32, 1024);
  add("limits.viewer_follows_max", b.limits.viewer_follows_max, 1, 1 << 20);
  add("limits.anonymous_idle_days", b.limits.anonymous_idle_days, 1, 3660);
  return f;
}

std::string number(const Field& field) {
  char text[64];
  std::to_chars_result end{};
  if (auto* whole = std::get_if<uint32_t*>(&field.at)) {
    end = std::to_chars(text, text + sizeof text, **whole);
  } else {
    end = std::to_chars(text, text + sizeof text, *std::get<float*>(field.at));
  }
  return {text, end.ptr};
}

Result<void> read_field(const Field& field, const boost::json::value& value) {
  auto wrong = [&field](std::string_view what) {
    return invalid(fmt::format("bundle: {} {}; it is a {} from {} to {}", field.path, what,
                               field.at.index() == 0 ? "whole number" : "number", field.min,
                               field.max))
        .with_field(field.path);
  };
  if (!value.is_number()) return wrong("is not a number");
  double given = value.is_double()  ? value.get_double()
                 : value.is_int64() ? static_cast<double>(value.get_int64())
                                    : static_cast<double>(value.get_uint64());
  if (auto* const* whole = std::get_if<uint32_t*>(&field.at)) {
    if (value.is_double()) return wrong(fmt::format("is {}", given));
    if (given < field.min || given > field.max) return wrong(fmt::format("is {}", given));
    **whole = static_cast<uint32_t>(given);
  } else {
    auto rounded = static_cast<float>(given);
    // Against the rounded bounds: 0.001 as a float is a little more or less than 0.001.
    bool inside =
        rounded >= static_cast<float>(field.min) && rounded <= static_cast<float>(field.max);
    if (!inside) return wrong(fmt::format("is {}", given));
    *std::get<float*>(field.at) = rounded;
  }
  return {};
}

const boost::json::value* find_path(const boost::json::value& root, std::string_view path) {
  const boost::json::value* at = &root;
  while (true) {
    auto* object = at->if_object();
    if (object == nullptr) return nullptr;
    size_t dot = path.find('.');
    at = object->if_contains(path.substr(0, dot));
    if (at == nullptr || dot == std::string_view::npos) return at;
    path.remove_prefix(dot + 1);
  }
}

// The path of the first leaf that is not a field; empty when there is none.
std::string unknown_leaf(const boost::json::value& at, const std::string& path,
                         const std::vector<Field>& fields) {
  if (auto* object = at.if_object()) {
    for (const auto& [key, value] : *object) {
      std::string inner = path.empty() ? std::string(key) : path + "." + std::string(key);
      if (auto found = unknown_leaf(value, inner, fields); !found.empty()) return found;
    }
    // An empty object holds no leaf but is not a field either.
    return object->empty() && !path.empty() ? path : "";
  }
  if (path == "schema") return "";
  for (const auto& field : fields) {
    if (field.path == path) return "";
  }
  return path;
}

// What no single field can say.
Result<void> check_together(const Bundle& b) {
  for (auto [name, value] : {std::pair("model.dimensions", b.model.dimensions),
                             std::pair("towers.dimensions", b.towers.dimensions),
                             std::pair("model.hidden_1", b.model.hidden_1),
                             std::pair("model.hidden_2", b.model.hidden_2)}) {
    if (value % 16 == 0) continue;
    return invalid(fmt::format("bundle: {} is {}; it must be a multiple of 16", name, value))
        .with_field(name);
  }
  const auto& e = b.exploration;
  if (e.uniform_share + std::max(e.new_video_share, e.debut_share_max) + e.new_topic_share > 0.9f) {
    return invalid("bundle: the shares of exploration must leave a tenth to the scores")
        .with_field("exploration");
  }
  const auto& stages = b.exploration.budget_impressions;
  if (!(stages[0] <= stages[1] && stages[1] <= stages[2])) {
    return invalid("bundle: exploration.budget_impressions must not fall from stage to stage")
        .with_field("exploration.budget_impressions");
  }
  return {};
}

}  // namespace

Window head_window(Head head) {
  if (head <= Head::kWatch) return Window::kOutcome;
  return head <= Head::kSave ? Window::kSoon : Window::kLate;
}

std::string_view head_name(Head head) { return kHeadNames[static_cast<size_t>(head)]; }
std::string_view feature_name(Feature f) { return kFeatureNames[static_cast<size_t>(f)]; }
std::string_view slot_name(Slot slot) { return kSlotNames[static_cast<size_t>(slot)]; }

std::string Bundle::canonical() const {
  // fields_of hands out pointers for reading here: the copy keeps the original const.
  Bundle copy = *this;
  std::string out = fmt::format("{{\n  \"schema\": {}", kSchema);
  std::vector<std::string> open;  // names of the objects that are open below the root
  for (const auto& field : fields_of(copy)) {
    std::vector<std::string> path;
    for (size_t from = 0; from <= field.path.size();) {
      size_t dot = std::min(field.path.find('.', from), field.path.size());
      path.push_back(field.path.substr(from, dot - from));
      from = dot + 1;
    }
    std::string name = path.back();
    path.pop_back();
    size_t shared = 0;
    while (shared < open.size() && shared < path.size() && open[shared] == path[shared]) ++shared;
    bool first = false;
    while (open.size() > shared) {
      open.pop_back();
      out += "\n" + std::string(2 * (open.size() + 1), ' ') + "}";
    }
    while (open.size() < path.size()) {
      if (!first) out += ",";
      out += "\n" + std::string(2 * (open.size() + 1), ' ') + "\"" + path[open.size()] + "\": {";
      open.push_back(path[open.size()]);
      first = true;
    }
    if (!first) out += ",";
    out += "\n" + std::string(2 * (open.size() + 1), ' ') + "\"" + name + "\": " + number(field);
  }
  while (!open.empty()) {
    open.pop_back();
    out += "\n" + std::string(2 * (open.size() + 1), ' ') + "}";
  }
  out += "\n}\n";
  return out;
}

base::Sha256Digest Bundle::sha256() const {
  std::string named = canonical();
  if (start.weights) named.append(base::as_bytes(start.sha256));
  return base::sha256(named);
}

Result<void> Bundle::load_weights(std::string_view safetensors) {
  RD_TRY(auto weights, Weights::parse(safetensors, *this));
  // By content: the same weights in another order of tensors are the same weights.
  auto sha256 = base::sha256(weights.safetensors());
  start = {std::make_shared<const Weights>(std::move(weights)), sha256};
  return {};
}

Result<Bundle> Bundle::parse(std::string_view json) {
  if (json.size() > kTextBytesMax) {
    return invalid(fmt::format("bundle: {} bytes; at most {}", json.size(), kTextBytesMax));
  }
  boost::json::error_code error;
  boost::json::value root = boost::json::parse(json, error);
  if (error) return invalid("bundle: not JSON: " + error.message());
  if (!root.is_object()) return invalid("bundle: the text must be one JSON object");
  auto* schema = find_path(root, "schema");
  if (schema == nullptr || !schema->is_int64() || schema->get_int64() != kSchema) {
    return invalid(
               fmt::format("bundle: schema must be {}, the only one this engine reads", kSchema))
        .with_field("schema");
  }
  Bundle bundle = defaults();
  auto fields = fields_of(bundle);
  for (const auto& field : fields) {
    auto* value = find_path(root, field.path);
    if (value == nullptr) {
      return invalid(fmt::format("bundle: {} is missing; a bundle states every field", field.path))
          .with_field(field.path);
    }
    RD_CHECK(read_field(field, *value));
  }
  if (auto extra = unknown_leaf(root, "", fields); !extra.empty()) {
    return invalid(fmt::format("bundle: {} is not a field that this engine knows", extra))
        .with_field(extra);
  }
  RD_CHECK(check_together(bundle));
  return bundle;
}

}  // namespace rondo::recommender
