/* platform/identity.h: the texts of boots and births, and what of them is equal. */
#include <gtest/gtest.h>

#include "support/native.h"

namespace {

const char kBoot[] = "0b007000-1234-4abc-8def-00000000cafe";

std::string Reread(const std::string &birth) {
  hpr_identity it = {};
  SetBirth(&it, birth);
  return BirthOf(it);
}

std::string RereadBoot(const std::string &boot) {
  hpr_identity it = {};
  SetBoot(&it, boot);
  return BootOf(it);
}

hpr_boot_match Compare(const std::string &a, const std::string &b) {
  hpr_identity one = {}, other = {};
  SetBoot(&one, a);
  SetBoot(&other, b);
  return hpr_boot_compare(&one.boot, &other.boot);
}

bool AreEqual(const std::string &a, const std::string &b) {
  hpr_identity one = {}, other = {};
  SetBirth(&one, a);
  SetBirth(&other, b);
  return hpr_birth_equal(&one.birth, &other.birth);
}

TEST(Boot, IsWrittenAsItWasRead) {
  for (const std::string &text :
       {std::string(), std::string(kBoot), kBoot + std::string("+1700000000000"),
        kBoot + std::string("+-5"), std::string("~00000000000000ff"),
        std::string("~fedcba9876543210+1700000000000"),
        std::string("0B007000-1234-4ABC-8DEF-00000000CAFE"),
        std::string("windows@0123456789abcdef")})
    EXPECT_EQ(text, RereadBoot(text));
}

TEST(Boot, OfAnyTextStaysTheSame) {
  for (const std::string text : {"b", "windows@1", "~1", "~xyz", "boot-1@host"}) {
    EXPECT_EQ(HPR_BOOT_SAME, Compare(text, RereadBoot(text))) << text;
    EXPECT_EQ(HPR_BOOT_OTHER, Compare(text, RereadBoot(text + "x"))) << text;
  }
}

TEST(Boot, IsComparedByItsIdAlone) {
  const std::string boot = kBoot;
  EXPECT_EQ(HPR_BOOT_SAME, Compare(boot + "+1", boot + "+900000000000"));
  EXPECT_EQ(HPR_BOOT_SAME, Compare(boot + "@0badcafe", boot)) << "of version 0.1";
  EXPECT_EQ(HPR_BOOT_SAME, Compare("0B007000-1234-4ABC-8DEF-00000000CAFE", boot)) << "macOS";
  EXPECT_EQ(HPR_BOOT_OTHER, Compare("0b007000-1234-4abc-8def-00000000caff", boot));
  EXPECT_EQ(HPR_BOOT_UNKNOWN, Compare("", boot));
  EXPECT_EQ(HPR_BOOT_UNKNOWN, Compare("", ""));
  EXPECT_EQ(HPR_BOOT_LIKELY, Compare("~00000000000000ff+1700000000000", boot + "+1700000001999"));
  EXPECT_EQ(HPR_BOOT_UNKNOWN, Compare("~00000000000000ff+1700000000000", "~00000000000000fe"));
}

TEST(Birth, IsWrittenAsItWasRead) {
  for (const std::string text :
       {"", "0", "18446744073709551615", "4026531836.4026531834.123456",
        "4026531836.0.7.fe-00000000deadbeef", "4026531836.4026531834.7.fe-fedcba9876543210",
        "1.2.3.i-1f", "1.2.3.i-ffffffffffffffff", "?00000000000000ff"})
    EXPECT_EQ(text, Reread(text));
}

TEST(Birth, OfVersion01IsReadWithoutATimeNamespace) {
  EXPECT_EQ("1.0.2", Reread("1.2"));
  EXPECT_EQ("1.0.2.fe-0000000000000001", Reread("1.2.fe-0000000000000001"));
  EXPECT_TRUE(AreEqual("1.2", "1.9.2")) << "as far as they tell";
}

/* One whose name has no room is worth less, but right. */
TEST(Birth, LeavesOutANameThatHasNoRoom) {
  const std::string longest = "4026531836.4026531834.18446744073709551615";
  EXPECT_EQ(longest, Reread(longest + ".fe-1"
                                      "23456789abcdef0")
                         .substr(0, longest.size()));
  EXPECT_LT(Reread(longest + ".fe-123456789abcdef0").size(), size_t{HPR_BIRTH_SIZE});
}

TEST(Birth, ThatIsOddStaysSo) {
  for (const std::string text : {"x",
                                 ".",
                                 "1.",
                                 ".1",
                                 "1.x",
                                 "1.2x",
                                 "1.2.3.",
                                 "1.2.3.x",
                                 "1.2.3.fe-1",
                                 "1.2.3.-1",
                                 "1.2.3.0-0000000000000001",
                                 "1.2.3.fe-00000000000000011",
                                 "4294967296.0.1",
                                 "-1",
                                 " 1",
                                 "99999999999999999999",
                                 "1.2.3.4",
                                 "1.2.3.fffe-0000000000000001",
                                 "?",
                                 "?1"}) {
    const hpr_birth birth = hpr_birth_read(text.c_str());
    EXPECT_EQ(HPR_BIRTH_ODD, birth.form) << text;
    EXPECT_FALSE(hpr_birth_is_told(&birth)) << text;
    EXPECT_TRUE(AreEqual(text, Reread(text))) << text;
    EXPECT_FALSE(AreEqual(text, text + "0")) << text;
  }
}

TEST(Birth, IsEqualByItsNameWhereBothHaveOne) {
  EXPECT_TRUE(AreEqual("1.2.3.fe-0000000000000001", "1.2.4.fe-0000000000000001"));
  EXPECT_FALSE(AreEqual("1.2.3.fe-0000000000000001", "1.2.3.fe-0000000000000002"));
  EXPECT_FALSE(AreEqual("1.2.3.fe-0000000000000001", "1.2.3.i-1")) << "of two kinds";
  EXPECT_TRUE(AreEqual("1.2.3.fe-0000000000000001", "1.2.3"));
  EXPECT_FALSE(AreEqual("1.2.3", "1.3.3")) << "in another time namespace ticks count differently";
  EXPECT_FALSE(AreEqual("1.2.3", "7.2.3"));
  EXPECT_TRUE(AreEqual("", ""));
  EXPECT_FALSE(AreEqual("", "0"));
}

} // namespace
