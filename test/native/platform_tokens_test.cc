#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "support/processes.h"
#include "support/system.h"
#include "support/wait.h"

extern "C" {
#include "core/tokens.h"
}

namespace {

/* Runs a program with that token in its environment, after `become` was done. */
class Carrier : public Child {
public:
  Carrier(const std::string &token, void (*become)())
      : Child(0, [&](const Report &) {
          become();
          std::string variable = "PI_DASHBOARD_SPAWN_TOKEN=" + token;
          char *environment[] = {variable.data(), nullptr};
          char *words[] = {const_cast<char *>("sleep"), const_cast<char *>("60"), nullptr};
          execve("/bin/sleep", words, environment);
          _exit(1);
        }) {
    System system;
    EXPECT_TRUE(Eventually([&] { return system.FirstWord(system.Identify(pid())) == "sleep"; }));
  }
};

int32_t Found(const std::string &token) {
  System system;
  hpr_identity identity = {};
  const bool found = hpr_tokens_find(system.ops(), token.c_str(), "/pids.json", &identity);
  EXPECT_TRUE(!found || identity.kin);
  return found ? identity.pid : 0;
}

TEST(Tokens, LeadToWhoWasStartedWithOne) {
  Carrier carrier("token-of-a-child", [] { setsid(); });
  EXPECT_EQ(carrier.pid(), Found("token-of-a-child"));
  EXPECT_EQ(0, Found("token-of-nobody"));
}

TEST(Tokens, LeadToNobodyOfOurOwnGroup) {
  Carrier carrier("token-beside-us", [] {});
  ASSERT_EQ(getpgrp(), getpgid(carrier.pid()));
  EXPECT_EQ(0, Found("token-beside-us"));
}

} // namespace
