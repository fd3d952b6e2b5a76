#include "recommender/weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstring>

#include "recommender/arm.h"
#include "recommender/kernels/math.h"

namespace rondo::recommender {
namespace {

constexpr size_t kHeaderBytesMax = 1 << 20;
constexpr size_t kTowerSlots = retrieval::kTowerSlots;
constexpr std::array<std::string_view, kTowerSlots> kTowerNames{"video", "author", "topic",
                                                                "sound"};

// One tensor: where its numbers are, and the shape that the bundle asks for (0: any length).
struct Tensor {
  std::string name;
  std::vector<float>* floats;
  std::vector<uint64_t>* ids;
  size_t columns;  // of a row; 1 for a list
  size_t rows;     // 0: as many as there are
};

// The list of them is the format: both directions walk it.
std::vector<Tensor> tensors_of(Weights& w, const Bundle* bundle) {
  std::vector<Tensor> out;
  size_t dense = 0;
  size_t mix = 0;
  size_t model_stride = 1;
  size_t tower_stride = 1;
  if (bundle != nullptr) {
    dense = ranker::DenseLayout(bundle->model).size();
    mix = size_t{bundle->towers.dimensions} * bundle->towers.dimensions;
    Arm arm(*bundle);
    model_stride = arm.model.table(Slot::kVideo).stride();
    tower_stride = arm.towers.table(retrieval::TowerSlot::kVideo).stride();
  }
  out.push_back({"dense", &w.dense, nullptr, 1, dense});
  out.push_back({"dense.state", &w.dense_state, nullptr, 1, dense});
  out.push_back({"towers.mix", &w.mix, nullptr, 1, mix});
  out.push_back({"towers.mix.state", &w.mix_state, nullptr, 1, mix});
  for (size_t s = 0; s < kSlots; ++s) {
    if (static_cast<Slot>(s) == Slot::kViewer) continue;
    std::string name = fmt::format("rows.{}", slot_name(static_cast<Slot>(s)));
    out.push_back({name + ".ids", nullptr, &w.model[s].ids, 1, 0});
    out.push_back({name, &w.model[s].values, nullptr, model_stride, 0});
  }
  for (size_t s = 0; s < kTowerSlots; ++s) {
    std::string name = fmt::format("towers.{}", kTowerNames[s]);
    out.push_back({name + ".ids", nullptr, &w.towers[s].ids, 1, 0});
    out.push_back({name, &w.towers[s].values, nullptr, tower_stride, 0});
  }
  return out;
}

Error wrong(const Tensor& tensor, std::string_view what) {
  return invalid(fmt::format("weights: {} {}", tensor.name, what)).with_field(tensor.name);
}

Result<void> read(const Tensor& tensor, const boost::json::object& header, std::string_view data) {
  auto* entry = header.if_contains(tensor.name);
  auto* object = entry == nullptr ? nullptr : entry->if_object();
  if (object == nullptr) return wrong(tensor, "is missing");
  const std::string_view type = tensor.floats != nullptr ? "F32" : "U64";
  const size_t width = tensor.floats != nullptr ? sizeof(float) : sizeof(uint64_t);
  auto* dtype = object->if_contains("dtype");
  if (dtype == nullptr || !dtype->is_string() || dtype->get_string() != type) {
    return wrong(tensor, fmt::format("is not of type {}", type));
  }
  auto* offsets = object->if_contains("data_offsets");
  auto* pair = offsets == nullptr ? nullptr : offsets->if_array();
  boost::system::error_code error;
  uint64_t begin = 0;
  uint64_t end = 0;
  if (pair != nullptr && pair->size() == 2) {
    begin = (*pair)[0].to_number<uint64_t>(error);
    if (!error) end = (*pair)[1].to_number<uint64_t>(error);
  }
  if (pair == nullptr || pair->size() != 2 || error || begin > end || end > data.size() ||
      (end - begin) % width != 0) {
    return wrong(tensor, "does not lie within the file");
  }
  size_t count = (end - begin) / width;
  if (count % tensor.columns != 0 || (tensor.rows != 0 && count != tensor.rows * tensor.columns)) {
    return wrong(tensor,
                 fmt::format("has {} numbers, which this bundle's dimensions do not fit", count));
  }
  if (tensor.floats != nullptr) {
    tensor.floats->resize(count);
    std::memcpy(tensor.floats->data(), data.data() + begin, end - begin);
    for (float x : *tensor.floats) {
      if (!kernels::is_finite(x)) return wrong(tensor, "holds what is not a number");
    }
  } else {
    tensor.ids->resize(count);
    std::memcpy(tensor.ids->data(), data.data() + begin, end - begin);
    for (size_t i = 1; i < count; ++i) {
      if ((*tensor.ids)[i - 1] >= (*tensor.ids)[i]) return wrong(tensor, "is not in order");
    }
  }
  return {};
}

Weights::Rows rows_of(const embedding::Table& table) {
  Weights::Rows out;
  for (uint64_t id : table.sorted_ids()) {
    auto entry = table.entry(id);
    if (entry.values == nullptr) continue;
    out.ids.push_back(id);
    out.values.insert(out.values.end(), entry.values, entry.values + table.stride());
  }
  return out;
}

void start_rows(const Weights::Rows& rows, embedding::Table& table, uint32_t now_s) {
  for (size_t i = 0; i < rows.ids.size(); ++i) {
    table.restore(rows.ids[i], UINT16_MAX, now_s,
                  std::span(rows.values).subspan(i * table.stride(), table.stride()));
  }
}

}  // namespace

std::string Weights::safetensors() const {
  Weights copy = *this;  // tensors_of hands out pointers for both directions
  std::string header = "{";
  std::string data;
  size_t rows = 0;  // of the list of ids before
  for (const Tensor& t : tensors_of(copy, nullptr)) {
    size_t begin = data.size();
    size_t count = t.floats != nullptr ? t.floats->size() : t.ids->size();
    std::string shape = fmt::format("{}", count);
    if (t.floats != nullptr) {
      data.append(reinterpret_cast<const char*>(t.floats->data()), count * sizeof(float));
      if (rows != 0) shape = fmt::format("{},{}", rows, count / rows);
      rows = 0;
    } else {
      data.append(reinterpret_cast<const char*>(t.ids->data()), count * sizeof(uint64_t));
      rows = count;
    }
    header += fmt::format("{}\"{}\":{{\"dtype\":\"{}\",\"shape\":[{}],\"data_offsets\":[{},{}]}}",
                          header.size() > 1 ? "," : "", t.name, t.floats != nullptr ? "F32" : "U64",
                          shape, begin, data.size());
  }
  header += "}";
  while (header.size() % 8 != 0) header += ' ';
  uint64_t size = header.size();
  std::string out(reinterpret_cast<const char*>(&size), sizeof size);
  return out + header + data;
}

Result<Weights> Weights::parse(std::string_view bytes, const Bundle& bundle) {
  uint64_t size = 0;
  if (bytes.size() < sizeof size) return invalid("weights: shorter than a header");
  std::memcpy(&size, bytes.data(), sizeof size);
  if (size > kHeaderBytesMax || size > bytes.size() - sizeof size) {
    return invalid(fmt::format("weights: a header of {} bytes; at most {}, and within the file",
                               size, kHeaderBytesMax));
  }
  boost::json::error_code error;
  auto header = boost::json::parse(bytes.substr(sizeof size, size), error);
  if (error || !header.is_object()) return invalid("weights: the header is not a JSON object");
  Weights out;
  auto tensors = tensors_of(out, &bundle);
  for (const auto& [name, value] : header.get_object()) {
    auto known = [&name = name](const Tensor& t) { return t.name == std::string_view(name); };
    if (name != "__metadata__" && std::none_of(tensors.begin(), tensors.end(), known)) {
      return invalid(fmt::format("weights: {} is not a tensor that this engine knows",
                                 std::string_view(name)));
    }
  }
  for (const Tensor& t : tensors) {
    RD_CHECK(read(t, header.get_object(), bytes.substr(sizeof size + size)));
  }
  auto agree = [](const Rows& rows, size_t stride) {
    return rows.ids.size() * stride == rows.values.size();
  };
  for (size_t i = 0; i < tensors.size(); ++i) {
    if (tensors[i].ids == nullptr) continue;
    const Tensor& values = tensors[i + 1];  // a list of ids is followed by its rows
    if (!agree({*tensors[i].ids, *values.floats}, values.columns)) {
      return wrong(values, "has not one row for each id");
    }
  }
  return out;
}

Weights Weights::of(const Arm& arm) {
  Weights out;
  out.dense = arm.model.dense();
  out.dense_state = arm.model.dense_state();
  out.mix = arm.towers.contents().mix;
  out.mix_state = arm.towers.contents().mix_state;
  for (size_t i = 0; i < kSlots; ++i) {
    auto slot = static_cast<Slot>(i);
    if (slot != Slot::kViewer) out.model[i] = rows_of(arm.model.table(slot));
  }
  for (size_t i = 0; i < kTowerSlots; ++i) {
    out.towers[i] = rows_of(arm.towers.table(static_cast<retrieval::TowerSlot>(i)));
  }
  return out;
}

void Weights::start(Arm& arm, uint32_t now_s) const {
  arm.model.dense() = dense;
  arm.model.dense_state() = dense_state;
  arm.towers.set_mix(mix, mix_state);
  for (size_t i = 0; i < kSlots; ++i)
    start_rows(model[i], arm.model.table(static_cast<Slot>(i)), now_s);
  for (size_t i = 0; i < kTowerSlots; ++i) {
    start_rows(towers[i], arm.towers.table(static_cast<retrieval::TowerSlot>(i)), now_s);
  }
}

}  // namespace rondo::recommender
