#include "app/evaluate.h"

#include <cstdio>

#include "app/write_file.h"

namespace rondo::app {

Result<int> evaluate(const EvaluateOptions& options) {
  RD_TRY(auto report, evaluation::run(options.protocol, options.run));
  std::fputs(evaluation::to_text(report).c_str(), stdout);
  RD_CHECK(write_file(options.json, evaluation::to_json(report)));
  RD_CHECK(write_file(options.report, evaluation::to_html(report)));
  return 0;
}

}  // namespace rondo::app
