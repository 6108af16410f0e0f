#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "support/processes.h"
#include "support/system.h"
#include "support/wait.h"

extern "C" {
#include "core/carriers.h"
}

namespace {

/* Runs a program with that token in its environment, after `become` was done. */
class Carrier : public Child {
public:
  Carrier(const std::string &token, void (*become)())
      : Child(0, [&](const Report &) {
          become();
          std::string variable = "PI_DASHBOARD_SPAWN_TOKEN=" + token;
          char *environment[] = {&variable[0], nullptr};
          char *words[] = {const_cast<char *>("sleep"), const_cast<char *>("60"), nullptr};
          execve("/bin/sleep", words, environment);
          _exit(1);
        }) {
    System system;
    EXPECT_TRUE(Eventually([&] { return system.FirstWord(system.Identify(pid())) == "sleep"; }));
  }
};

struct Found {
  hpr_found what = HPR_FOUND_NOBODY;
  int32_t pid = 0;
};

Found Find(const std::string &token, int64_t since_ms = -1) {
  System system;
  const char *const tokens[] = {"token-of-somebody-else", token.c_str()};
  hpr_carriers carriers = {};
  hpr_identity identity = {};
  EXPECT_EQ(0, hpr_carriers_look(&carriers, system.ops(), tokens, 2, "/pids.json"));
  Found found;
  found.what =
      hpr_carriers_find(&carriers, system.ops(), token.c_str(), "/pids.json", since_ms, &identity);
  if (found.what == HPR_FOUND_CHILD) found.pid = identity.pid;
  EXPECT_TRUE(found.what != HPR_FOUND_CHILD || identity.kin);
  hpr_carriers_done(&carriers);
  return found;
}

TEST(Carriers, AreWhoWasStartedWithAToken) {
  Carrier carrier("token-of-a-child", [] { setsid(); });
  EXPECT_EQ(carrier.pid(), Find("token-of-a-child").pid);
  EXPECT_EQ(HPR_FOUND_NOBODY, Find("token-of-nobody").what);
}

TEST(Carriers, OfOurOwnGroupAreForbidden) {
  Carrier carrier("token-beside-us", [] {});
  ASSERT_EQ(getpgrp(), getpgid(carrier.pid()));
  EXPECT_EQ(HPR_FOUND_FORBIDDEN, Find("token-beside-us").what);
}

TEST(Carriers, ThatStartedBeforeTheTokenWasAnnouncedAreNobody) {
  Carrier carrier("token-that-is-used-again", [] { setsid(); });
  System system;
  const hpr_identity identity = system.Identify(carrier.pid());
  ASSERT_TRUE(
      Eventually([&] { return system.ops()->age_ms(system.ops()->self, &identity) > 200; }));
  EXPECT_EQ(HPR_FOUND_NOBODY, Find("token-that-is-used-again", 0).what);
  EXPECT_EQ(carrier.pid(), Find("token-that-is-used-again", int64_t{1000} * 1000).pid);
}

TEST(Carriers, AreUnsureWhereNobodyCouldLook) {
  System system;
  const hpr_carriers nothing = {};
  hpr_identity identity;
  EXPECT_EQ(HPR_FOUND_UNSURE, hpr_carriers_find(&nothing, system.ops(), "token-of-anybody",
                                                "/pids.json", -1, &identity));
}

} // namespace
