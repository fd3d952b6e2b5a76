// The folder of everything that is kept: who holds it, and where things are in it.
//
//   DATA/rondo.db    accounts, videos, jobs, outbox          DATA/log/      the log
//   DATA/blobs/      media and checkpoints                   DATA/uploads/  unfinished uploads
//   DATA/work/       what is being transcoded                DATA/edits/    what is being trimmed
//   DATA/params/     what partitions tell each other, if     DATA/lock      held by the server
//                    there are several
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/result.h"
#include "blob/blob_store.h"
#include "config/config.h"
#include "recommender/bundle.h"
#include "storage/database.h"
#include "stream/stream.h"

namespace rondo::app {

struct DataFolder {
  std::filesystem::path root;

  std::filesystem::path database() const { return root / "rondo.db"; }
  std::filesystem::path log() const { return root / "log"; }
  std::filesystem::path params() const { return root / "params"; }
  std::filesystem::path blobs() const { return root / "blobs"; }
  std::filesystem::path uploads() const { return root / "uploads"; }
  std::filesystem::path work() const { return root / "work"; }
  std::filesystem::path edits() const { return root / "edits"; }
  bool is_empty() const;
};

// Held for as long as the object lives; the kernel lets go when the process ends, however it ends.
class FolderLock {
 public:
  // Creates the folder. conflict when another process holds it.
  static Result<std::unique_ptr<FolderLock>> take(const DataFolder& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  explicit FolderLock(int descriptor) : descriptor_(descriptor) {}
  const int descriptor_;
};

// For a folder in which nothing has been started yet; it says what to do.
Error no_network(const DataFolder& folder);

// To read, also beside a running server. not_found when there is none.
Result<std::unique_ptr<stream::Stream>> open_log(const DataFolder& folder);

// What partitions have told each other, to read; none when there is one. To be opened after the
// log: what the log names has been stored before.
Result<std::unique_ptr<stream::Stream>> open_params(const DataFolder& folder,
                                                    const stream::Stream& log);

// The database with every module's schema up to date.
Result<std::unique_ptr<storage::Database>> open_database(const DataFolder& folder,
                                                         const config::Config& config);

// A bundle's folder, or its bundle.json.
Result<recommender::Bundle> load_bundle(const std::filesystem::path& path);
// Writes a bundle's folder, made when it is not there.
Result<void> save_bundle(const recommender::Bundle& bundle, const std::string& folder);
inline constexpr const char* kBundleFile = "bundle.json";
inline constexpr const char* kWeightsFile = "weights.safetensors";

}  // namespace rondo::app
