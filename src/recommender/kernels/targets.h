// Which instruction sets the kernels are compiled for: AVX2, the least that this program runs on,
// and AVX-512. Included before any header of Highway by each file that foreach_target compiles once
// a target; HWY_DYNAMIC_DISPATCH then takes the best one of the machine.
//
// AVX3_DL is left out: Highway 1.0.3 compiles it with AVX-VNNI, which its run-time check does not
// look for, and machines that have the rest of AVX3_DL lack it.
#pragma once

#define HWY_BASELINE_TARGETS HWY_AVX2
#define HWY_DISABLED_TARGETS (~(HWY_AVX2 | HWY_AVX3))
