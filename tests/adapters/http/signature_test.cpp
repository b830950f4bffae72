#include "adapters/http/signature.hpp"

#include <gtest/gtest.h>

namespace feedtree::http {
namespace {

// Source: RFC 4231, 4.2, 4.3 and 4.7.
TEST(signature, is_what_the_standard_has_as_examples) {
  EXPECT_EQ(hmac_sha256_hex(std::string(20, '\x0b'), "Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hmac_sha256_hex("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hmac_sha256_hex(std::string(131, '\xaa'),
                            "Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(signature, differs_with_the_key_and_with_the_text) {
  const auto one = hmac_sha256_hex("key", "text");
  EXPECT_NE(one, hmac_sha256_hex("kez", "text"));
  EXPECT_NE(one, hmac_sha256_hex("key", "texu"));
  EXPECT_EQ(one, hmac_sha256_hex("key", "text"));
}

}  // namespace
}  // namespace feedtree::http
