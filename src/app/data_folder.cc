#include "app/data_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "accounts/schema.h"
#include "catalogue/schema.h"
#include "jobs/in_process/in_process_queue.h"
#include "media/schema.h"
#include "recommender/weights.h"
#include "social/social.h"
#include "storage/sqlite/sqlite_database.h"
#include "storage/storage_migrations.h"
#include "stream/embedded/read_only_log.h"

namespace rondo::app {

namespace fs = std::filesystem;

bool DataFolder::is_empty() const {
  std::error_code ignored;
  return !fs::exists(database(), ignored);
}

Result<std::unique_ptr<FolderLock>> FolderLock::take(const DataFolder& folder) {
  std::error_code ec;
  fs::create_directories(folder.root, ec);
  if (ec) {
    return unavailable("cannot create the data folder " + folder.root.string() + ": " +
                       ec.message());
  }
  fs::permissions(folder.root, fs::perms::owner_all, ec);
  int descriptor = ::open((folder.root / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    return unavailable("cannot write to the data folder " + folder.root.string() + ": " +
                       std::strerror(errno));
  }
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    ::close(descriptor);
    return conflict("another Rondo holds the data folder " + folder.root.string() +
                    "; stop it, or choose another folder with --data");
  }
  return std::unique_ptr<FolderLock>(new FolderLock(descriptor));
}

FolderLock::~FolderLock() { ::close(descriptor_); }

Error no_network(const DataFolder& folder) {
  return not_found("there is no network in " + folder.root.string() +
                   "; start it once with `rondo serve`, or name its folder with --data");
}

Result<std::unique_ptr<stream::Stream>> open_log(const DataFolder& folder) {
  auto log = stream::open_embedded_read_only(folder.log());
  if (!log.ok() && log.error().code() == ErrorCode::kNotFound) return no_network(folder);
  return log;
}

Result<std::unique_ptr<stream::Stream>> open_params(const DataFolder& folder,
                                                    const stream::Stream& log) {
  if (log.partition_count() == 1) return std::unique_ptr<stream::Stream>();
  return stream::open_embedded_read_only(folder.params());
}

Result<std::unique_ptr<storage::Database>> open_database(const DataFolder& folder,
                                                         const config::Config& config) {
  storage::SqliteOptions options;
  options.path = folder.database();
  options.readers = static_cast<int>(std::min<int64_t>(config.server.blocking_threads, 64));
  RD_TRY(auto database, storage::open_sqlite(options));
  std::vector<storage::Migration> migrations;
  for (auto list : {storage::storage_migrations(), accounts::migrations(), social::migrations(),
                    catalogue::migrations(), media::migrations(), jobs::job_migrations()}) {
    migrations.insert(migrations.end(), list.begin(), list.end());
  }
  RD_CHECK(database->migrate(migrations));
  return database;
}

namespace {

Result<std::string> read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return not_found("cannot read the bundle " + path.string());
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

Result<recommender::Bundle> load_bundle(const std::filesystem::path& path) {
  const bool folder = std::filesystem::is_directory(path);
  RD_TRY(auto text, read_file(folder ? path / kBundleFile : path));
  auto bundle = recommender::Bundle::parse(text);
  if (!bundle.ok()) return std::move(bundle).error().with_context(path.string());
  if (folder && std::filesystem::exists(path / kWeightsFile)) {
    RD_TRY(auto weights, read_file(path / kWeightsFile));
    auto loaded = bundle->load_weights(weights);
    if (!loaded.ok()) return std::move(loaded).error().with_context(path.string());
  }
  return bundle;
}

Result<void> save_bundle(const recommender::Bundle& bundle, const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  auto write = [&folder](const char* name, const std::string& bytes) -> Result<void> {
    std::filesystem::path path = std::filesystem::path(folder) / name;
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out << bytes;
    out.close();
    if (!out) return unavailable("cannot write " + path.string());
    return {};
  };
  RD_CHECK(write(kBundleFile, bundle.canonical()));
  if (!bundle.start.weights) return {};
  return write(kWeightsFile, bundle.start.weights->safetensors());
}

}  // namespace rondo::app
