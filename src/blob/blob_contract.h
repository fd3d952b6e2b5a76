// What every blob backend must keep (blob/blob_store.h), as tests. A backend's test includes this
// header and instantiates BlobContract with a factory:
//
//   INSTANTIATE_TEST_SUITE_P(Local, BlobContract, testing::Values(&make_local_fixture));
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"
#include "blob/blob_store.h"

namespace rondo::blob {

// A store of a test's own, which is gone with it.
class BlobFixture {
 public:
  virtual ~BlobFixture() = default;
  // The same store again.
  virtual Result<std::unique_ptr<BlobStore>> open() = 0;
  // A folder for files to be put.
  virtual std::filesystem::path scratch() = 0;
};

class BlobContract : public testing::TestWithParam<std::unique_ptr<BlobFixture> (*)()> {
 protected:
  void SetUp() override {
    fixture_ = GetParam()();
    reopen();
  }
  void reopen() {
    store_.reset();
    auto opened = fixture_->open();
    ASSERT_TRUE(opened.ok()) << opened.error().describe();
    store_ = std::move(*opened);
  }
  void put(const std::string& key, const std::string& bytes) {
    auto done = store_->put(key, bytes);
    ASSERT_TRUE(done.ok()) << done.error().describe();
  }
  std::string get(const std::string& key) {
    auto bytes = store_->get(key, 100 << 20);
    EXPECT_TRUE(bytes.ok()) << bytes.error().describe();
    return bytes.ok() ? *bytes : "";
  }
  std::vector<std::string> list(const std::string& prefix) {
    auto keys = store_->list(prefix);
    EXPECT_TRUE(keys.ok()) << keys.error().describe();
    return keys.ok() ? *keys : std::vector<std::string>();
  }
  std::filesystem::path file_with(const std::string& bytes) {
    auto path = fixture_->scratch() / ("file" + std::to_string(files_++));
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }

  std::unique_ptr<BlobFixture> fixture_;
  std::unique_ptr<BlobStore> store_;
  int files_ = 0;
};

TEST_P(BlobContract, GivesBackWhatWasPut) {
  const std::string binary("\0\xff\n", 3);
  put("a", binary);
  put("videos/0abc/720p.mp4", std::string(3'000'000, 'x'));
  put("empty", "");
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(get("a"), binary);
    EXPECT_EQ(get("videos/0abc/720p.mp4").size(), 3'000'000u);
    EXPECT_EQ(get("empty"), "");
    EXPECT_EQ(store_->stat("a")->size_bytes, 3u);
    reopen();
  }
  put("a", "replaced by something longer");
  EXPECT_EQ(get("a"), "replaced by something longer");
  put("a", "");
  EXPECT_EQ(get("a"), "");
}

TEST_P(BlobContract, WhatIsNotThereIsNotFound) {
  put("a/b", "x");
  for (const char* key : {"b", "a", "a/b/c", "a/c"}) {
    EXPECT_EQ(store_->stat(key).error().code(), ErrorCode::kNotFound) << key;
    EXPECT_EQ(store_->get(key, 10).error().code(), ErrorCode::kNotFound) << key;
    EXPECT_EQ(store_->get_range(key, {}).error().code(), ErrorCode::kNotFound) << key;
    EXPECT_EQ(store_->local_path(key), std::nullopt) << key;
    EXPECT_TRUE(store_->remove(key).ok()) << key;
  }
}

TEST_P(BlobContract, OneKeyMayBeginAnother) {
  put("a", "1");
  put("a/b", "2");
  put("a/b/c", "3");
  EXPECT_EQ(get("a"), "1");
  EXPECT_EQ(get("a/b"), "2");
  EXPECT_EQ(list(""), (std::vector<std::string>{"a", "a/b", "a/b/c"}));
  ASSERT_TRUE(store_->remove("a/b").ok());
  EXPECT_EQ(get("a/b/c"), "3");
}

TEST_P(BlobContract, RangesAreExact) {
  put("a", "0123456789");
  EXPECT_EQ(*store_->get_range("a", {3, 4}), "3456");
  EXPECT_EQ(*store_->get_range("a", {0, 10}), "0123456789");
  EXPECT_EQ(*store_->get_range("a", {10, 0}), "");
  for (ByteRange range : {ByteRange{0, 11}, ByteRange{10, 1}, ByteRange{11, 0},
                          ByteRange{5, ~uint64_t{0}}, ByteRange{~uint64_t{0}, 5}}) {
    EXPECT_EQ(store_->get_range("a", range).error().code(), ErrorCode::kInvalid);
  }
  EXPECT_EQ(store_->get("a", 10)->size(), 10u);
  EXPECT_EQ(store_->get("a", 9).error().code(), ErrorCode::kInvalid);
}

TEST_P(BlobContract, KeysHaveRules) {
  const std::string most = std::string(100, 'a') + "/" + std::string(99, 'b');
  for (const std::string& key : {std::string("a"), most, std::string("a.b/c_d/e-9"),
                                 std::string(200, 'z'), std::string("-/_")}) {
    put(key, key);
    EXPECT_EQ(get(key), key);
  }
  for (const std::string& key :
       {std::string(), std::string("/a"), std::string("a/"), std::string("a//b"), std::string("."),
        std::string(".."), std::string("a/../b"), std::string("a/./b"), std::string(".a"),
        std::string("a/.b"), std::string("A"), std::string("a b"), std::string("a+"),
        std::string("a\0b", 3), std::string("\xC3\xA9"), std::string(201, 'a')}) {
    EXPECT_EQ(store_->put(key, "x").error().code(), ErrorCode::kInvalid) << key;
    EXPECT_EQ(store_->put_file(key, file_with("x")).error().code(), ErrorCode::kInvalid) << key;
    EXPECT_EQ(store_->get(key, 9).error().code(), ErrorCode::kInvalid) << key;
    EXPECT_EQ(store_->stat(key).error().code(), ErrorCode::kInvalid) << key;
    EXPECT_EQ(store_->remove(key).error().code(), ErrorCode::kInvalid) << key;
    EXPECT_EQ(store_->local_path(key), std::nullopt) << key;
  }
  EXPECT_EQ(store_->list("../").error().code(), ErrorCode::kInvalid);
}

TEST_P(BlobContract, TakesFiles) {
  auto file = file_with("from a file");
  ASSERT_TRUE(store_->put_file("videos/a", file).ok());
  EXPECT_EQ(get("videos/a"), "from a file");
  EXPECT_FALSE(std::filesystem::exists(file));
  ASSERT_TRUE(store_->put_file("videos/a", file_with("another")).ok());
  EXPECT_EQ(get("videos/a"), "another");

  EXPECT_EQ(store_->put_file("b", fixture_->scratch() / "missing").error().code(),
            ErrorCode::kNotFound);
  EXPECT_FALSE(store_->put_file("b", fixture_->scratch()).ok());  // a folder
  EXPECT_EQ(store_->stat("b").error().code(), ErrorCode::kNotFound);
}

TEST_P(BlobContract, ListsByPrefixInOrder) {
  for (const char* key : {"v/10/x", "v/1/b", "v/1/a", "v/1.json", "w", "v-2"}) put(key, "");
  EXPECT_EQ(list(""),
            (std::vector<std::string>{"v-2", "v/1.json", "v/1/a", "v/1/b", "v/10/x", "w"}));
  EXPECT_EQ(list("v/1"), (std::vector<std::string>{"v/1.json", "v/1/a", "v/1/b", "v/10/x"}));
  EXPECT_EQ(list("v/1/"), (std::vector<std::string>{"v/1/a", "v/1/b"}));
  EXPECT_EQ(list("v/1/a"), (std::vector<std::string>{"v/1/a"}));
  EXPECT_TRUE(list("v/1/a/").empty());
  EXPECT_TRUE(list("nothing/here").empty());
}

TEST_P(BlobContract, ALocalPathHoldsTheObject) {
  put("a/b", "bytes");
  auto path = store_->local_path("a/b");
  if (!path) GTEST_SKIP() << "this backend has no local files";
  std::ifstream file(*path, std::ios::binary);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "bytes");
}

TEST_P(BlobContract, ReadersSeeWholeObjects) {
  put("a", std::string(200'000, 'a'));
  std::atomic<bool> done{false};
  std::jthread reader([&] {
    while (!done) {
      std::string bytes = get("a");
      ASSERT_EQ(bytes.size(), 200'000u);
      EXPECT_EQ(bytes, std::string(200'000, bytes[0]));
    }
  });
  for (int i = 0; i < 30; ++i) put("a", std::string(200'000, static_cast<char>('a' + i % 26)));
  done = true;
}

TEST_P(BlobContract, PutAndRemoveBesideOneAnother) {
  std::vector<std::jthread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      // In the same folder, which is emptied again and again.
      const std::string key = "shared/folder/" + std::to_string(t);
      for (int i = 0; i < 40; ++i) {
        auto stored = store_->put(key, "x");
        EXPECT_TRUE(stored.ok()) << stored.error().describe();
        EXPECT_TRUE(store_->stat(key).ok());
        EXPECT_TRUE(store_->remove(key).ok());
      }
    });
  }
  threads.clear();
  EXPECT_TRUE(list("").empty());
}

// The real thing beside a map, under random operations.
TEST_P(BlobContract, BehavesLikeAMap) {
  const std::vector<std::string> keys = {"a", "a/b", "a/b/c", "b", "b/c", "a/bb", "c.d/e"};
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    base::Rng rng(seed);
    std::map<std::string, std::string> model;
    for (const std::string& key : list("")) ASSERT_TRUE(store_->remove(key).ok());
    for (int step = 0; step < 120; ++step) {
      const std::string& key = keys[rng.below(keys.size())];
      const std::string bytes(rng.below(5000), static_cast<char>(rng.next()));
      switch (rng.below(7)) {
        case 0:
          put(key, bytes);
          model[key] = bytes;
          break;
        case 1:
          ASSERT_TRUE(store_->put_file(key, file_with(bytes)).ok());
          model[key] = bytes;
          break;
        case 2:
          ASSERT_TRUE(store_->remove(key).ok());
          model.erase(key);
          break;
        case 3: {
          const std::string prefix = key.substr(0, rng.below(key.size() + 1));
          std::vector<std::string> expected;
          for (const auto& [k, v] : model) {
            if (k.starts_with(prefix)) expected.push_back(k);
          }
          ASSERT_EQ(list(prefix), expected) << prefix;
          break;
        }
        case 4:
          reopen();
          break;
        default: {
          auto got = store_->get(key, 10'000);
          auto it = model.find(key);
          ASSERT_EQ(got.ok(), it != model.end());
          if (got.ok()) {
            ASSERT_EQ(*got, it->second);
          }
        }
      }
    }
  }
}

}  // namespace rondo::blob
