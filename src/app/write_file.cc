#include "app/write_file.h"

#include <cstdio>
#include <fstream>

namespace rondo::app {

Result<void> write_file(const std::string& file, const std::string& text) {
  if (file.empty()) return {};
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (!out) return unavailable(file + " could not be written; is its folder there, and writable?");
  std::fprintf(stderr, "wrote %s\n", file.c_str());
  return {};
}

}  // namespace rondo::app
