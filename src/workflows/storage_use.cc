#include "workflows/storage_use.h"

#include <algorithm>
#include <optional>
#include <set>

#include "media/refusal.h"

namespace rondo::workflows {

using media::size_text;

Result<StorageUse> Storage::of(AccountId account) const {
  StorageUse use;
  RD_TRY(use.videos_bytes, catalogue_.stored_bytes(account));
  RD_TRY(use.uploads_bytes, uploads_.held_bytes(account));
  use.bytes_max = quotas_.account_bytes_max;
  return use;
}

Result<StorageUse> Storage::total() const {
  StorageUse use;
  RD_TRY(use.videos_bytes, catalogue_.stored_bytes(std::nullopt));
  RD_TRY(use.uploads_bytes, uploads_.held_bytes(std::nullopt));
  use.bytes_max = quotas_.total_bytes_max;
  return use;
}

Result<std::vector<std::pair<AccountId, StorageUse>>> Storage::largest(int count_max) const {
  // Whoever is among the largest of both together is among the first so many of one or the other,
  // unless many come close in both; then one of those close ones may be left out.
  RD_TRY(const auto of_videos, catalogue_.largest_authors(count_max));
  RD_TRY(const auto of_uploads, uploads_.largest_owners(count_max));
  std::set<AccountId> accounts(of_videos.begin(), of_videos.end());
  accounts.insert(of_uploads.begin(), of_uploads.end());
  std::vector<std::pair<AccountId, StorageUse>> uses;
  for (AccountId account : accounts) {
    RD_TRY(const StorageUse use, of(account));
    uses.emplace_back(account, use);
  }
  std::stable_sort(uses.begin(), uses.end(), [](const auto& a, const auto& b) {
    return a.second.bytes() > b.second.bytes();
  });
  if (uses.size() > static_cast<size_t>(count_max)) uses.resize(static_cast<size_t>(count_max));
  return uses;
}

Result<void> Storage::admit(AccountId account, uint64_t length) const {
  auto fits = [length](const StorageUse& use) {
    return use.bytes_max == 0 || use.bytes() + length <= use.bytes_max;
  };
  if (quotas_.account_bytes_max > 0) {
    RD_TRY(const StorageUse own, of(account));
    if (!fits(own)) {
      return exhausted("Your videos take up " + size_text(own.bytes()) + " of the " +
                       size_text(own.bytes_max) + " that you have here; this file is " +
                       size_text(length) + ". Delete a video, or send a smaller file.")
          .with_field("length")
          .with_reason("account_full");
    }
  }
  if (quotas_.total_bytes_max > 0) {
    RD_TRY(const StorageUse all, total());
    if (!fits(all)) {
      return exhausted("This network holds " + size_text(all.bytes()) + " of the " +
                       size_text(all.bytes_max) + " that it has; this file is " +
                       size_text(length) + ". Tell whoever runs it, or try again later.")
          .with_field("length")
          .with_reason("network_full");
    }
  }
  return {};
}

}  // namespace rondo::workflows
