// The processor's floating-point mode is part of the result: while one of these lives, this thread
// rounds to nearest, keeps denormals and raises no traps, whatever the caller had set.
#pragma once

#include <xmmintrin.h>

namespace rondo::recommender::kernels {

class FloatEnvironment {
 public:
  FloatEnvironment() : before_(_mm_getcsr()) { _mm_setcsr(kDefault); }
  ~FloatEnvironment() { _mm_setcsr(before_); }
  FloatEnvironment(const FloatEnvironment&) = delete;
  FloatEnvironment& operator=(const FloatEnvironment&) = delete;

 private:
  static constexpr unsigned kDefault = 0x1F80;  // the state at reset: all exceptions masked
  const unsigned before_;
};

}  // namespace rondo::recommender::kernels
