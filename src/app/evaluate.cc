#include "app/evaluate.h"

#include <cstdio>
#include <fstream>

namespace rondo::app {
namespace {

Result<void> write(const std::string& file, const std::string& text) {
  if (file.empty()) return {};
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (!out) return unavailable(file + " could not be written; is its folder there, and writable?");
  std::fprintf(stderr, "wrote %s\n", file.c_str());
  return {};
}

}  // namespace

Result<int> evaluate(const EvaluateOptions& options) {
  RD_TRY(auto report, evaluation::run(options.protocol, options.run));
  std::fputs(evaluation::to_text(report).c_str(), stdout);
  RD_CHECK(write(options.json, evaluation::to_json(report)));
  RD_CHECK(write(options.report, evaluation::to_html(report)));
  return 0;
}

}  // namespace rondo::app
