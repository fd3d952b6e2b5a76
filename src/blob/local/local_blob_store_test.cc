#include "blob/local/local_blob_store.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdio>

#include "base/failpoint.h"
#include "base/testing/child_process.h"
#include "blob/blob_contract.h"
#include "blob/local/file_io.h"

namespace rondo::blob {
namespace {

namespace fs = std::filesystem;

// Random, and too large for the limit of the child below.
constexpr size_t kLargeBytes = 3'000'000;

class LocalFixture final : public BlobFixture {
 public:
  LocalFixture() {
    std::string name = (fs::temp_directory_path() / "rondo_blob_XXXXXX").string();
    RD_ASSERT(::mkdtemp(name.data()) != nullptr);
    folder_ = name;
    fs::create_directory(scratch());
  }
  ~LocalFixture() override { fs::remove_all(folder_); }
  Result<std::unique_ptr<BlobStore>> open() override { return open_local({.root = root()}); }
  fs::path scratch() override { return folder_ / "scratch"; }
  fs::path root() const { return folder_ / "blobs"; }

  size_t temporaries() const {
    return static_cast<size_t>(
        std::distance(fs::directory_iterator(root() / "tmp"), fs::directory_iterator()));
  }

 private:
  fs::path folder_;
};

std::unique_ptr<BlobFixture> make_local() { return std::make_unique<LocalFixture>(); }

INSTANTIATE_TEST_SUITE_P(Local, BlobContract, testing::Values(&make_local));

TEST(LocalBlobStore, EmptyFoldersGo) {
  LocalFixture fixture;
  auto store = std::move(*fixture.open());
  ASSERT_TRUE(store->put("a/b/c", "x").ok());
  ASSERT_TRUE(store->put("a/d", "x").ok());
  ASSERT_TRUE(store->remove("a/b/c").ok());
  EXPECT_FALSE(fs::exists(fixture.root() / "objects" / "a+" / "b+"));
  EXPECT_TRUE(fs::exists(fixture.root() / "objects" / "a+"));
  ASSERT_TRUE(store->remove("a/d").ok());
  EXPECT_TRUE(fs::is_empty(fixture.root() / "objects"));
}

TEST(LocalBlobStore, OpeningRemovesWhatNobodyWrites) {
  LocalFixture fixture;
  auto store = std::move(*fixture.open());
  std::ofstream(fixture.root() / "tmp" / "orphan") << "half";
  auto held = create_locked(fixture.root() / "tmp" / "being_written");
  ASSERT_TRUE(held.ok());
  auto second = fixture.open();
  ASSERT_TRUE(second.ok());
  EXPECT_FALSE(fs::exists(fixture.root() / "tmp" / "orphan"));
  EXPECT_TRUE(fs::exists(fixture.root() / "tmp" / "being_written"));
}

TEST(LocalBlobStore, CopiesFromAnotherFileSystem) {
  struct stat here {};
  struct stat there {};
  LocalFixture fixture;
  if (::stat("/dev/shm", &there) != 0 || ::stat(fixture.scratch().c_str(), &here) != 0 ||
      here.st_dev == there.st_dev) {
    GTEST_SKIP() << "there is no second file system to copy from";
  }
  auto store = std::move(*fixture.open());
  const fs::path file = "/dev/shm/rondo_blob_" + std::to_string(::getpid());
  std::ofstream(file) << "from elsewhere";
  ASSERT_TRUE(store->put_file("a", file).ok());
  EXPECT_EQ(*store->get("a", 100), "from elsewhere");
  EXPECT_FALSE(fs::exists(file));
  EXPECT_EQ(fixture.temporaries(), 0u);
}

TEST(LocalBlobStore, ALinkIsNotTakenForAFile) {
  LocalFixture fixture;
  auto store = std::move(*fixture.open());
  fs::create_symlink("/etc/hostname", fixture.scratch() / "link");
  EXPECT_FALSE(store->put_file("a", fixture.scratch() / "link").ok());
  EXPECT_FALSE(store->stat("a").ok());
}

// The child: stores "a" = "before", then with the failpoints or the limit in place "a" = large.
int store_once(const std::string& root, bool from_file, bool limited) {
  auto store = std::move(*open_local({.root = root}));
  if (!store->put("a", "before").ok()) return 1;
  base::arm_failpoints_from_environment();
  if (limited) {
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{kLargeBytes / 2, kLargeBytes / 2};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  const std::string large(kLargeBytes, 'L');
  Result<void> stored;
  if (from_file) {
    const fs::path file = fs::path(root).parent_path() / "scratch" / "large";
    std::ofstream(file, std::ios::binary) << large;
    stored = store->put_file("a", file);
  } else {
    stored = store->put("a", large);
  }
  std::printf("%s\n", stored.ok() ? "ok" : std::string(to_string(stored.error().code())).c_str());
  return 0;
}

TEST(LocalBlobStoreCrash, AnObjectIsWholeAtAnyMoment) {
  const auto soon = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  for (const char* how : {"bytes", "file"}) {
    for (const char* point : {"blob.before_fsync", "blob.before_rename", "blob.after_rename"}) {
      SCOPED_TRACE(std::string(how) + " " + point);
      LocalFixture fixture;
      base::testing::ChildProcess child({fixture.root().string(), how, "unlimited"},
                                        {std::string("RONDO_FAILPOINTS=") + point});
      EXPECT_EQ(child.read_line(soon), std::nullopt);
      ASSERT_EQ(child.wait(), 77);
      auto store = std::move(*fixture.open());
      auto bytes = store->get("a", kLargeBytes);
      ASSERT_TRUE(bytes.ok());
      const bool renamed = std::string_view(point) == "blob.after_rename";
      EXPECT_EQ(*bytes, renamed ? std::string(kLargeBytes, 'L') : "before");
      EXPECT_EQ(fixture.temporaries(), 0u);
      EXPECT_EQ(store->list("")->size(), 1u);
    }
  }
}

TEST(LocalBlobStoreCrash, AFullDiskLeavesNothingBehind) {
  const auto soon = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  LocalFixture fixture;
  base::testing::ChildProcess child({fixture.root().string(), "bytes", "limited"}, {});
  EXPECT_EQ(child.read_line(soon), "exhausted");
  EXPECT_EQ(child.wait(), 0);
  EXPECT_EQ(fixture.temporaries(), 0u);  // before it is opened again
  EXPECT_EQ(*(*fixture.open())->get("a", 100), "before");
}

}  // namespace
}  // namespace rondo::blob

int main(int argc, char** argv) {
  if (argc == 5 && std::string_view(argv[1]) == "child") {
    return rondo::blob::store_once(argv[2], std::string_view(argv[3]) == "file",
                                   std::string_view(argv[4]) == "limited");
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
