// How much of the disk an account, and everybody, takes up, and whether more may come: what is kept
// of live videos (all renditions, the originals where they are kept) and the uploads that are held,
// by the lengths that they announced.
//
// A quota is held against when an upload is begun. What its video will need is not known then: its
// own length counts, so an account may end a little above. Sums are of the database, made anew each
// time. Thread safe; calls block.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "catalogue/catalogue.h"
#include "media/ingest.h"

namespace rondo::workflows {

struct StorageQuotas {
  uint64_t account_bytes_max = 0;  // 0: no limit
  uint64_t total_bytes_max = 0;
};

struct StorageUse {
  uint64_t videos_bytes = 0;
  uint64_t uploads_bytes = 0;
  uint64_t bytes_max = 0;  // 0: no limit

  uint64_t bytes() const { return videos_bytes + uploads_bytes; }
};

class Storage {
 public:
  Storage(const catalogue::Catalogue& catalogue, const media::Ingest& uploads,
          const StorageQuotas& quotas)
      : catalogue_(catalogue), uploads_(uploads), quotas_(quotas) {}

  Result<StorageUse> of(AccountId account) const;
  Result<StorageUse> total() const;

  // Whose videos and uploads take up most, the largest first; at most `count_max`.
  Result<std::vector<std::pair<AccountId, StorageUse>>> largest(int count_max) const;

  // exhausted, reason "account_full" or "network_full": used, limit, and what to do.
  Result<void> admit(AccountId account, uint64_t length) const;

 private:
  const catalogue::Catalogue& catalogue_;
  const media::Ingest& uploads_;
  const StorageQuotas quotas_;
};

}  // namespace rondo::workflows
