// The kernels of ranking and training on one core, each beside the core's peak of fused
// multiply-adds, and the matrix products beside libxsmm and oneDNN on the same shapes.
//
// Everything is the best of many short passes: on a busy machine the one that nobody disturbed.
// Peers get their best case: no bias, no relu, and for libxsmm weights that are transposed already.
#include <fmt/format.h>
#include <immintrin.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#ifdef RONDO_BENCH_LIBXSMM
#include <libxsmm.h>
#endif
#ifdef RONDO_BENCH_DNNL
#include <dnnl.h>
extern "C" void omp_set_num_threads(int);
#endif

#include "base/random.h"
#include "micro/warm_engine.h"
#include "recommender/kernels/dense.h"
#include "recommender/kernels/elementwise.h"
#include "recommender/kernels/gemm.h"
#include "recommender/kernels/int8.h"
#include "support/options.h"
#include "support/report.h"

namespace rondo::bench {
namespace {

namespace kernels = recommender::kernels;
using kernels::GemmShape;
using Vector = std::vector<float>;

constexpr double kShareBar = 90;    // % of the peak
constexpr double kScanBarMs = 0.6;  // personal retrieval over 200,000 videos
constexpr size_t kRows = 200'000, kDimensions = 64;
constexpr double kPassSeconds = 0.002;

// The seconds of one call: the least of `passes` means over calls that last kPassSeconds.
template <typename Call>
double seconds(int passes, const Call& call) {
  using Clock = std::chrono::steady_clock;
  auto time = [&](size_t calls) {
    auto start = Clock::now();
    for (size_t i = 0; i < calls; ++i) call();
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  call();
  size_t calls = std::max<size_t>(1, static_cast<size_t>(kPassSeconds / std::max(time(1), 1e-7)));
  double best = 1e300;
  for (int i = 0; i < passes; ++i) best = std::min(best, time(calls) / static_cast<double>(calls));
  return best;
}

// ---- The peak: chains that do not wait for one another, in registers ----

constexpr int kPeakSteps = 10'000;

// 12 chains cover two units with a latency of 4, with room to spare.
#define RONDO_PEAK_STEP(k) asm volatile("vfmadd231ps %1, %1, %0" : "+v"(sum[k]) : "v"(x));
#define RONDO_PEAK_STEPS \
  RONDO_PEAK_STEP(0)     \
  RONDO_PEAK_STEP(1)     \
  RONDO_PEAK_STEP(2)     \
  RONDO_PEAK_STEP(3)     \
  RONDO_PEAK_STEP(4)     \
  RONDO_PEAK_STEP(5)     \
  RONDO_PEAK_STEP(6)     \
  RONDO_PEAK_STEP(7) RONDO_PEAK_STEP(8) RONDO_PEAK_STEP(9) RONDO_PEAK_STEP(10) RONDO_PEAK_STEP(11)

void peak_avx2() {
  __m256 sum[12] = {};
  const __m256 x = _mm256_setzero_ps();
  for (int i = 0; i < kPeakSteps; ++i) {
    RONDO_PEAK_STEPS
  }
}

__attribute__((target("avx512f"))) void peak_avx512() {
  __m512 sum[12] = {};
  const __m512 x = _mm512_setzero_ps();
  for (int i = 0; i < kPeakSteps; ++i) {
    RONDO_PEAK_STEPS
  }
}

double peak_gflops(int passes, bool avx512) {
  double flops = 12.0 * kPeakSteps * (avx512 ? 16 : 8) * 2;
  return flops / seconds(passes, avx512 ? peak_avx512 : peak_avx2) * 1e-9;
}

// ---- Matrix products ----

// What a layer reads and writes.
struct Layer {
  explicit Layer(GemmShape s) : shape(s) {
    base::Rng rng(1);
    for (Vector* v : {&x, &w, &bias, &y, &dw, &dbias, &dx, &w_transposed}) {
      v->resize(v == &x || v == &dx         ? s.rows * s.in
                : v == &y                   ? s.rows * s.out
                : v == &bias || v == &dbias ? s.out
                                            : s.in * s.out);
      for (float& value : *v) value = rng.uniform() - 0.5f;
    }
  }
  double flops() const { return 2.0 * double(shape.rows) * double(shape.in) * double(shape.out); }
  GemmShape shape;
  Vector x, w, bias, y, dw, dbias, dx, w_transposed;
};

struct Contestant {
  std::string name;
  // Null: not on this machine.
  void (*forward)(Layer&);
  // The gradient of the weights, and that of the inputs; y holds the slope of the outputs.
  void (*backward)(Layer&);
};

void our_forward(Layer& l) {
  kernels::gemm(l.shape, l.x, l.w, l.bias, kernels::Activation::kRelu, l.y);
}

void our_backward(Layer& l) {
  kernels::gemm_accumulate_outer(l.shape, l.x, l.y, l.dw, l.dbias);
  kernels::transpose(l.shape.in, l.shape.out, l.w, l.w_transposed);
  kernels::gemm_back(l.shape, l.y, l.w_transposed, l.dx);
}

#ifdef RONDO_BENCH_LIBXSMM
// In its order, columns first, a row-major matrix is its transpose: c' = b' a'.
void xsmm(size_t m, size_t n, size_t k, const Vector& a, size_t lda, const Vector& b, size_t ldb,
          Vector& c, float beta, int flags) {
  auto whole = [](size_t x) { return static_cast<libxsmm_blasint>(x); };
  const float alpha = 1;
  const int prefetch = LIBXSMM_PREFETCH_NONE;
  const libxsmm_blasint la = whole(lda), lb = whole(ldb), lc = whole(m);
  auto kernel = libxsmm_smmdispatch(whole(m), whole(n), whole(k), &la, &lb, &lc, &alpha, &beta,
                                    &flags, &prefetch);
  RD_ASSERT(kernel != nullptr);
  kernel(a.data(), b.data(), c.data());
}
void xsmm_forward(Layer& l) {
  const auto& s = l.shape;
  xsmm(s.out, s.rows, s.in, l.w, s.out, l.x, s.in, l.y, 0, LIBXSMM_GEMM_FLAG_NONE);
}
void xsmm_backward(Layer& l) {
  const auto& s = l.shape;
  xsmm(s.out, s.in, s.rows, l.y, s.out, l.x, s.in, l.dw, 1, LIBXSMM_GEMM_FLAG_TRANS_B);
  xsmm(s.in, s.rows, s.out, l.w_transposed, s.in, l.y, s.out, l.dx, 0, LIBXSMM_GEMM_FLAG_NONE);
}
const Contestant kLibxsmm{"libxsmm", xsmm_forward, xsmm_backward};
#else
const Contestant kLibxsmm{"libxsmm", nullptr, nullptr};
#endif

#ifdef RONDO_BENCH_DNNL
void dnnl(char ta, char tb, size_t m, size_t n, size_t k, const Vector& a, size_t lda,
          const Vector& b, size_t ldb, float beta, Vector& c) {
  auto whole = [](size_t x) { return static_cast<dnnl_dim_t>(x); };
  RD_ASSERT(dnnl_sgemm(ta, tb, whole(m), whole(n), whole(k), 1.0f, a.data(), whole(lda), b.data(),
                       whole(ldb), beta, c.data(), whole(n)) == dnnl_success);
}
void dnnl_forward(Layer& l) {
  const auto& s = l.shape;
  dnnl('N', 'N', s.rows, s.out, s.in, l.x, s.in, l.w, s.out, 0, l.y);
}
void dnnl_backward(Layer& l) {
  const auto& s = l.shape;
  dnnl('T', 'N', s.in, s.out, s.rows, l.x, s.in, l.y, s.out, 1, l.dw);
  dnnl('N', 'T', s.rows, s.in, s.out, l.y, s.out, l.w, s.out, 0, l.dx);
}
const Contestant kOneDnn{"onednn", dnnl_forward, dnnl_backward};
#else
const Contestant kOneDnn{"onednn", nullptr, nullptr};
#endif

Result<void> products(Report& report, int passes, double peak) {
  const Contestant ours{"", our_forward, our_backward};
  for (GemmShape shape : {GemmShape{500, 256, 128}, {500, 128, 64}, {500, 64, 64}}) {
    for (bool training : {false, true}) {
      for (const Contestant& who : {ours, kLibxsmm, kOneDnn}) {
        auto call = training ? who.backward : who.forward;
        if (call == nullptr) continue;
        Layer layer(shape);
        double flops = (training ? 2 : 1) * layer.flops();
        // What is written grows with the calls only in the gradient, by less than a float can hold.
        double gflops = flops / seconds(passes, [&] { call(layer); }) * 1e-9;
        double share = 100 * gflops / peak;
        std::string name =
            fmt::format("kernels.{}.{}x{}x{}{}", training ? "train" : "gemm", shape.rows, shape.in,
                        shape.out, who.name.empty() ? "" : "." + who.name);
        if (who.name.empty()) {
          RD_CHECK(report.add({name, gflops, "GFLOP/s"}));
          RD_CHECK(report.add({name + ".share", share, "%", kShareBar, Bar::kAtLeast}));
        } else {
          RD_CHECK(report.add({name + ".share", share, "%"}));
        }
      }
    }
  }
  return {};
}

// ---- Scans ----

Result<void> scans(Report& report, int passes) {
  base::Rng rng(2);
  Vector rows(kRows * kDimensions), query(kDimensions), scores(kRows);
  for (float& x : rows) x = rng.uniform() - 0.5f;
  for (float& x : query) x = rng.uniform() - 0.5f;
  std::vector<int8_t> codes(rows.size()), code(kDimensions);
  std::vector<int32_t> sums(kRows);
  kernels::quantize(rows, codes);
  kernels::quantize(query, code);
  double ms = 1e3 * seconds(passes, [&] { kernels::dot_many_i8(code, codes, sums); });
  RD_CHECK(report.add({"kernels.int8.scan", ms, "ms", kScanBarMs * time_allowance()}));
  RD_CHECK(report.add({"kernels.int8.read", double(codes.size()) / ms * 1e-6, "GB/s"}));
  ms = 1e3 * seconds(passes, [&] { kernels::dot_many(query, rows, scores); });
  RD_CHECK(report.add({"kernels.dot.scan", ms, "ms"}));
  RD_CHECK(report.add({"kernels.dot.read", 4 * double(rows.size()) / ms * 1e-6, "GB/s"}));
  Vector history(rows.begin(), rows.begin() + 128 * kDimensions), weights(128);
  double us = 1e6 * seconds(passes, [&] { kernels::dot_many(query, history, weights); });
  RD_CHECK(report.add({"kernels.dot.128x64", us, "us"}));
  us = 1e6 * seconds(passes, [&] { kernels::softmax(weights); });
  return report.add({"kernels.softmax.128", us, "us"});
}

Result<void> bench(const std::string& json, int passes) {
  Report report(json);
  report.say(fmt::format("one thread, best of {} passes; 200,000 rows of {} in the scans", passes,
                         kDimensions));
  for (const Contestant& peer : {kLibxsmm, kOneDnn}) {
    if (peer.forward == nullptr) report.say(peer.name + " is not installed: left out");
  }
#ifdef RONDO_BENCH_DNNL
  omp_set_num_threads(1);
#endif
  const bool avx512 = __builtin_cpu_supports("avx512bw") != 0;
  double peak = peak_gflops(passes, false);
  RD_CHECK(report.add({"kernels.peak.avx2", peak, "GFLOP/s"}));
  if (avx512) {
    peak = peak_gflops(passes, true);
    RD_CHECK(report.add({"kernels.peak.avx512", peak, "GFLOP/s"}));
  }
  RD_CHECK(products(report, passes, peak));
  return scans(report, passes);
}

}  // namespace
}  // namespace rondo::bench

int main(int argc, char** argv) {
  CLI::App app("The dense kernels beside the core's peak, libxsmm and oneDNN");
  std::string json;
  int passes = 200;
  app.add_option("--json", json, "file to append figures to, one JSON object a line");
  app.add_option("--passes", passes)->check(CLI::Range(1, 100'000))->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return rondo::bench::run([&] { return rondo::bench::bench(json, passes); });
}
