#include "core/first_words.hpp"

#include <gtest/gtest.h>

namespace feedtree {
namespace {

TEST(first_words, of_a_page_are_what_a_reader_sees) {
  EXPECT_EQ(first_words("<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\">\n<HTML><HEAD>\n"
                        "<STYLE>p { color: red }</STYLE><script>if (1 < 2) stop();</script>"
                        "<TITLE>ERROR</TITLE></HEAD><!-- generated --><BODY>\n<H1>403 ERROR</H1>"
                        "configured to block access from your country.</BODY></HTML>"),
            "ERROR 403 ERROR configured to block access from your country.");
  EXPECT_EQ(first_words("<html><h1>cut o"), "cut o");
  EXPECT_EQ(first_words("<script>never closed"), "");
}

TEST(first_words, of_other_texts_are_their_begin_in_one_line) {
  EXPECT_EQ(first_words("{\"code\":0,\n \"msg\":\"a < b\"}"), "{\"code\":0, \"msg\":\"a < b\"}");
  EXPECT_EQ(first_words(""), "");
  EXPECT_EQ(first_words("  slow\tdown \r\n"), "slow down");
}

TEST(first_words, have_no_control_characters_and_are_utf8) {
  EXPECT_EQ(first_words("a\x1b[1mb\x7f"
                        "c"),
            "a [1mb c");
  EXPECT_EQ(first_words("left\xe2\x80\xaeright\xc2\x9b!"), "left right !");
  EXPECT_EQ(first_words("\xe9\x99\x90\xff"), "\xe9\x99\x90?");
  EXPECT_EQ(first_words(std::string_view("a\0b", 3)), "a b");
}

TEST(first_words, are_bounded_and_end_with_a_whole_character) {
  EXPECT_EQ(first_words(std::string(500, 'x')), std::string(200, 'x') + "...");
  EXPECT_EQ(first_words("\xe9\x99\x90\xe9\x99\x90", 5), "\xe9\x99\x90...");
  EXPECT_LE(first_words(std::string(1'000'000, '<')).size(), 203u);
}

}  // namespace
}  // namespace feedtree
