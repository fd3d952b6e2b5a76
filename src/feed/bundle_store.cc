#include "feed/bundle_store.h"

#include <algorithm>

#include "base/bytes.h"
#include "recommender/weights.h"

namespace rondo::feed {
namespace {

constexpr std::string_view kPrefix = "bundles/";
constexpr std::string_view kText = "/bundle.json";
constexpr std::string_view kWeights = "/weights.safetensors";
constexpr uint64_t kTextBytesMax = 1 << 20;
constexpr uint64_t kWeightsBytesMax = uint64_t{16} << 30;
constexpr size_t kPrefixDigitsMin = 8;

std::string hex_of(const base::Sha256Digest& sha256) {
  return base::to_hex(base::as_bytes(sha256));
}
std::string key_of(const base::Sha256Digest& sha256, std::string_view file) {
  return std::string(kPrefix) + hex_of(sha256) + std::string(file);
}

}  // namespace

Result<void> BundleStore::put(const recommender::Bundle& bundle) {
  auto sha256 = bundle.sha256();
  if (find(sha256).ok()) return {};
  if (bundle.start.weights) {
    RD_CHECK(blobs_.put(key_of(sha256, kWeights), bundle.start.weights->safetensors()));
  }
  return blobs_.put(key_of(sha256, kText), bundle.canonical());
}

Result<std::shared_ptr<const recommender::Bundle>> BundleStore::find(
    const base::Sha256Digest& sha256) const {
  std::lock_guard lock(mutex_);
  auto at = known_.find(sha256);
  if (at != known_.end()) return at->second;
  RD_TRY(auto bundle, read(sha256));
  known_[sha256] = bundle;
  return bundle;
}

Result<std::shared_ptr<const recommender::Bundle>> BundleStore::read(
    const base::Sha256Digest& sha256) const {
  const std::string mend =
      "; keep it again with `rondo bundle add FOLDER`, or put the data folder's " +
      std::string(kPrefix) + hex_of(sha256) + " back from a backup";
  auto text = blobs_.get(key_of(sha256, kText), kTextBytesMax);
  if (!text.ok() && text.error().code() == ErrorCode::kNotFound) {
    return not_found("bundle " + hex_of(sha256) + " is not kept here" + mend);
  }
  if (!text.ok()) return std::move(text).error();
  auto damaged = [&](const std::string& how) {
    return corrupt("bundle " + hex_of(sha256) + " is damaged (" + how + ")" + mend);
  };
  auto bundle = recommender::Bundle::parse(*text);
  if (!bundle.ok()) return damaged(bundle.error().describe());
  auto weights = blobs_.get(key_of(sha256, kWeights), kWeightsBytesMax);
  if (weights.ok()) {
    auto loaded = bundle->load_weights(*weights);
    if (!loaded.ok()) return damaged(loaded.error().describe());
  } else if (weights.error().code() != ErrorCode::kNotFound) {
    return std::move(weights).error();
  }
  if (bundle->sha256() != sha256) return damaged("its name is " + hex_of(bundle->sha256()));
  return std::make_shared<const recommender::Bundle>(std::move(*bundle));
}

Result<std::vector<base::Sha256Digest>> BundleStore::list() const {
  RD_TRY(auto keys, blobs_.list(kPrefix));
  std::vector<base::Sha256Digest> out;
  for (const std::string& key : keys) {
    if (!key.ends_with(kText)) continue;
    std::string_view name = std::string_view(key).substr(kPrefix.size());
    name.remove_suffix(kText.size());
    auto bytes = base::from_hex(name);
    base::Sha256Digest sha256{};
    if (!bytes.ok() || bytes->size() != sha256.size()) continue;
    std::copy(bytes->begin(), bytes->end(), sha256.begin());
    out.push_back(sha256);
  }
  return out;
}

Result<std::shared_ptr<const recommender::Bundle>> BundleStore::find_by_prefix(
    const std::string& hex) const {
  RD_TRY(auto all, list());
  std::vector<base::Sha256Digest> found;
  for (const auto& sha256 : all) {
    if (hex.size() >= kPrefixDigitsMin && hex_of(sha256).starts_with(hex)) found.push_back(sha256);
  }
  if (found.size() == 1) return find(found.front());
  return not_found((found.empty() ? "no bundle here has a name that begins with " + hex
                                  : "several bundles have names that begin with " + hex) +
                   "; `rondo bundle list` shows them, eight digits at least are needed");
}

}  // namespace rondo::feed
