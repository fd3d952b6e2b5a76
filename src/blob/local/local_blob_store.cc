#include "blob/local/local_blob_store.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <system_error>

#include "base/failpoint.h"
#include "base/ids.h"
#include "base/random.h"
#include "blob/key.h"
#include "blob/local/file_io.h"

namespace rondo::blob {

namespace {

namespace fs = std::filesystem;

constexpr char kFolderMark = '+';

// Removes a file unless told to keep it.
class Unfinished {
 public:
  explicit Unfinished(fs::path path) : path_(std::move(path)) {}
  ~Unfinished() {
    if (!kept_) ::unlink(path_.c_str());
  }
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  const fs::path& path() const { return path_; }
  void keep() { kept_ = true; }

 private:
  fs::path path_;
  bool kept_ = false;
};

class LocalBlobStore final : public BlobStore {
 public:
  explicit LocalBlobStore(const fs::path& root)
      : root_(root), objects_(root / "objects"), tmp_(root / "tmp") {}

  Result<void> prepare() {
    RD_CHECK(make_folder(objects_));
    RD_CHECK(make_folder(tmp_));
    std::error_code error;
    for (fs::directory_iterator it(tmp_, error), end; !error && it != end; it.increment(error)) {
      auto abandoned = is_abandoned(it->path());
      if (abandoned.ok() && *abandoned) ::unlink(it->path().c_str());
    }
    if (error) return base::unavailable("cannot read " + tmp_.string() + ": " + error.message());
    return {};
  }

  Result<void> put(std::string_view key, std::string_view bytes) override {
    RD_CHECK(check_key(key));
    Unfinished unfinished(new_temporary());
    RD_TRY(File file, create_locked(unfinished.path()));
    RD_CHECK(write_all(file, bytes, unfinished.path()));
    RD_CHECK(move_into_place(key, file, unfinished.path()));
    unfinished.keep();
    return {};
  }

  Result<void> put_file(std::string_view key, const fs::path& source) override {
    RD_CHECK(check_key(key));
    RD_TRY(File file, open_source(source));
    // In the same file system the file itself becomes the object.
    auto moved = move_into_place(key, file, source);
    if (moved.ok() || moved.error().reason() != "other_file_system") return moved;
    Unfinished unfinished(new_temporary());
    RD_TRY(File copy, create_locked(unfinished.path()));
    RD_CHECK(copy_all(file, copy, unfinished.path()));
    RD_CHECK(move_into_place(key, copy, unfinished.path()));
    unfinished.keep();
    ::unlink(source.c_str());
    return {};
  }

  Result<BlobInfo> stat(std::string_view key) const override {
    RD_TRY(Opened object, open_object(key));
    return BlobInfo{.size_bytes = object.size};
  }

  Result<std::string> get(std::string_view key, uint64_t bytes_max) const override {
    RD_TRY(Opened object, open_object(key));
    if (object.size > bytes_max) {
      return base::invalid("the object '" + std::string(key) + "' has " +
                           std::to_string(object.size) + " bytes, more than the " +
                           std::to_string(bytes_max) + " asked for");
    }
    return read_exactly(object.file, 0, object.size, path_of(key));
  }

  Result<std::string> get_range(std::string_view key, ByteRange range) const override {
    RD_TRY(Opened object, open_object(key));
    if (range.offset > object.size || range.length > object.size - range.offset) {
      return base::invalid("bytes " + std::to_string(range.offset) + " to " +
                           std::to_string(range.offset) + "+" + std::to_string(range.length) +
                           " are not within the object '" + std::string(key) + "' of " +
                           std::to_string(object.size) + " bytes");
    }
    return read_exactly(object.file, range.offset, range.length, path_of(key));
  }

  Result<void> remove(std::string_view key) override {
    RD_CHECK(check_key(key));
    const fs::path path = path_of(key);
    fs::path folder = path.parent_path();
    {
      std::unique_lock lock(folders_mutex_);
      if (::unlink(path.c_str()) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) return {};
        return system_error("cannot remove", path);
      }
      while (folder != objects_ && ::rmdir(folder.c_str()) == 0) folder = folder.parent_path();
    }
    // Whoever puts an object there at this moment may have taken the folder's place.
    auto synced = sync_folder(folder);
    if (!synced.ok() && synced.error().code() == ErrorCode::kNotFound) return {};
    return synced;
  }

  Result<std::vector<std::string>> list(std::string_view prefix) const override {
    RD_CHECK(check_prefix(prefix));
    std::vector<std::string> keys;
    const size_t slash = prefix.rfind('/');
    const std::string parent(slash == std::string_view::npos ? "" : prefix.substr(0, slash + 1));
    RD_CHECK(collect(folder_of(parent), parent, prefix, keys));
    std::sort(keys.begin(), keys.end());
    return keys;
  }

  std::optional<fs::path> local_path(std::string_view key) const override {
    if (!check_key(key).ok()) return std::nullopt;
    fs::path path = path_of(key);
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
    return path;
  }

 private:
  struct Opened {
    File file;
    uint64_t size = 0;
  };

  // Of a key, or of its beginning up to and with a '/'.
  fs::path folder_of(std::string_view parent) const {
    std::string path = objects_.string() + "/";
    for (char c : parent) {
      if (c == '/') path.push_back(kFolderMark);
      path.push_back(c);
    }
    return path;
  }
  fs::path path_of(std::string_view key) const { return folder_of(key); }

  fs::path new_temporary() { return tmp_ / base::id_to_text(random_.next64()); }

  Result<Opened> open_object(std::string_view key) const {
    RD_CHECK(check_key(key));
    auto file = open_for_reading(path_of(key));
    if (!file.ok()) {
      if (file.error().code() != ErrorCode::kNotFound) return std::move(file).error();
      return base::not_found("there is no object '" + std::string(key) + "'");
    }
    Opened object{std::move(*file), 0};
    RD_TRY(object.size, size_of(object.file, path_of(key)));
    return object;
  }

  static Result<File> open_source(const fs::path& source) {
    RD_TRY(File file, open_for_reading(source));
    auto size = size_of(file, source);
    if (!size.ok()) return std::move(size).error();
    return file;
  }

  // `file`, which is open from `from`, becomes the object: durable when it returns ok.
  Result<void> move_into_place(std::string_view key, const File& file, const fs::path& from) {
    base::failpoint("blob.before_fsync");
    RD_CHECK(sync_file(file, from));
    base::failpoint("blob.before_rename");
    const fs::path path = path_of(key);
    {
      // Against remove, which takes empty folders away.
      std::shared_lock lock(folders_mutex_);
      RD_CHECK(make_folder(path.parent_path()));
      if (::rename(from.c_str(), path.c_str()) != 0) {
        if (errno == EXDEV) {
          return base::unavailable("another file system").with_reason("other_file_system");
        }
        return system_error("cannot store", path);
      }
    }
    base::failpoint("blob.after_rename");
    return sync_folder(path.parent_path());
  }

  // Keys in `folder`, whose keys begin with `parent`, that begin with `prefix`.
  static Result<void> collect(const fs::path& folder, const std::string& parent,
                              std::string_view prefix, std::vector<std::string>& keys) {
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
      std::string name = it->path().filename().string();
      const bool is_folder = name.ends_with(kFolderMark);
      if (is_folder) name.back() = '/';
      const std::string key = parent + name;
      const size_t common = std::min(key.size(), prefix.size());
      if (key.substr(0, common) != prefix.substr(0, common)) continue;
      if (is_folder) {
        RD_CHECK(collect(it->path(), key, prefix, keys));
      } else if (key.size() >= prefix.size()) {
        keys.push_back(key);
      }
    }
    // A folder that is gone has no objects.
    if (!error || error == std::errc::no_such_file_or_directory) return {};
    return base::unavailable("cannot read " + folder.string() + ": " + error.message());
  }

  const fs::path root_;
  const fs::path objects_;
  const fs::path tmp_;
  base::SecureRandom random_;
  std::shared_mutex folders_mutex_;  // shared: folders stay; exclusive: empty ones may go
};

}  // namespace

Result<std::unique_ptr<BlobStore>> open_local(const LocalOptions& options) {
  auto store = std::make_unique<LocalBlobStore>(options.root);
  RD_CHECK(store->prepare());
  return std::unique_ptr<BlobStore>(std::move(store));
}

}  // namespace rondo::blob
