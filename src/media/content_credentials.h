// Whether a file says where it comes from: a C2PA manifest ("Content Credentials") in an MP4 or
// QuickTime file, as its own box at the top (C2PA 2.1, section A.5.1: `uuid` with C2PA's id and the
// purpose "manifest").
//
// Only its presence is read. Neither its signature nor its binding to the picture is verified, and
// what Rondo serves is coded anew: whoever shows the answer says "unverified".
// The bytes are foreign: a bounded number of bounded reads. Thread safe; no errors: what cannot be
// read carries nothing.
#pragma once

#include <istream>

namespace rondo::media {

bool carries_credentials(std::istream& file);

}  // namespace rondo::media
