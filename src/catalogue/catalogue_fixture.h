// For tests: a catalogue over a real SQLite file and a clock that stands still.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "catalogue/catalogue.h"
#include "catalogue/schema.h"
#include "records/envelope.h"
#include "storage/outbox.h"
#include "storage/sqlite/sqlite_database.h"
#include "storage/storage_migrations.h"

namespace rondo::catalogue {

class CatalogueFixture : public testing::Test {
 protected:
  CatalogueFixture()
      : folder_(std::filesystem::temp_directory_path() /
                ("rondo_catalogue_" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    database_ = storage::open_sqlite({.path = folder_ / "rondo.db"}).value();
    std::vector<storage::Migration> all;
    for (const auto& m : storage::storage_migrations()) all.push_back(m);
    for (const auto& m : migrations()) all.push_back(m);
    database_->migrate(all).value();
    catalogue_ = std::make_unique<Catalogue>(*database_, clock_, random_);
  }
  ~CatalogueFixture() override {
    database_.reset();
    std::filesystem::remove_all(folder_);
  }

  static Draft draft(uint64_t upload, uint64_t author) {
    return {UploadId(upload), AccountId(author), EngineId(~author), "A caption #waves", {}, "en"};
  }
  static MediaFacts media() {
    return {
        7500,
        1080,
        1920,
        {{"1080p", 1080, 1920, 5'000'000, 4'600'000}, {"540p", 540, 960, 1'200'000, 1'100'000}}};
  }
  VideoId live_video(uint64_t upload, uint64_t author) {
    VideoId id = catalogue_->create_draft(draft(upload, author)).value().id;
    catalogue_->publish(id, media()).value();
    return id;
  }
  std::vector<storage::OutboxMessage> outbox() {
    return database_->read([](soci::session& sql) { return storage::outbox_peek(sql, 1000); })
        .value();
  }

  std::filesystem::path folder_;
  base::ManualClock clock_{base::from_rfc3339("2026-03-01T12:00:00Z").value()};
  base::SecureRandom random_;
  std::unique_ptr<storage::Database> database_;
  std::unique_ptr<Catalogue> catalogue_;
};

}  // namespace rondo::catalogue
