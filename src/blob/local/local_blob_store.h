// Objects as files of the local file system. Keeps BlobStore's contract (blob/blob_store.h).
//
//   root/objects/videos+/0abc+/720p.mp4      the object "videos/0abc/720p.mp4"
//   root/tmp/                                what is being written
//
// A folder's name ends with '+', which no key holds, so that "a" and "a/b" can both be objects.
// put writes a file in tmp, syncs it, renames it into place, and syncs every folder that changed.
// Folders that become empty are removed with their last object.
//
// A file in tmp is locked (flock) while it is written: opening removes those that nobody holds,
// so several processes may share a store. What is half-written when a disk is full is removed.
// Thread safe. Failpoints: blob.before_fsync, blob.before_rename, blob.after_rename (the folder not
// yet synced).
#pragma once

#include <filesystem>
#include <memory>

#include "base/result.h"
#include "blob/blob_store.h"

namespace rondo::blob {

struct LocalOptions {
  std::filesystem::path root;  // created when missing, for its owner only
};

// unavailable when the folder cannot be used.
Result<std::unique_ptr<BlobStore>> open_local(const LocalOptions& options);

}  // namespace rondo::blob
