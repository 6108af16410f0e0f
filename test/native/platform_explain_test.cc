/* What each proof of an identity says by itself. */
#include <gtest/gtest.h>
#include <cstdio>
#include <map>
#include <string>

#include "support/native.h"
#include "support/processes.h"
#include "support/system.h"

namespace {

using Proofs = std::map<std::string, std::string>;

Proofs Explain(System *system, const hpr_identity &identity) {
  Proofs proofs;
  hpr_process_ops *ops = system->ops();
  ops->explain(
      ops->self, &identity,
      [](void *context, const char *proof, const char *said) {
        static_cast<Proofs *>(context)->emplace(proof, said);
      },
      &proofs);
  return proofs;
}

TEST(Explain, TellsAProcessThatIsItself) {
  System system;
  IdleChild child;
  const hpr_identity identity = system.Identify(child.pid());
  Proofs proofs = Explain(&system, identity);
  EXPECT_EQ("known", proofs["record"]);
  EXPECT_EQ("same", proofs["boot"]);
  EXPECT_NE("other", proofs["namespace"]);
  EXPECT_EQ("held", proofs["number"]);
  EXPECT_EQ("runs", proofs["process"]);
  EXPECT_EQ("ours", proofs["user"]);
  EXPECT_EQ("same", proofs["start"]);
  EXPECT_EQ("yes", proofs["kin"]);
  EXPECT_EQ(PartOf(BirthOf(identity), 2).empty() ? "unrecorded" : "same", proofs["name"]);
}

TEST(Explain, TellsAStrangerByItsName) {
  System system;
  IdleChild child, other;
  hpr_identity identity = system.Identify(child.pid());
  identity.pid = other.pid();
  Proofs proofs = Explain(&system, identity);
  EXPECT_EQ("held", proofs["number"]);
  if (!KernelNamesProcesses()) GTEST_SKIP() << kNoNames;
  EXPECT_EQ("other", proofs["name"]);
}

TEST(Explain, TellsAnotherBoot) {
  System system;
  IdleChild child;
  hpr_identity identity = system.Identify(child.pid());
  SetBoot(&identity, "00000000-0000-4000-8000-000000000000");
  EXPECT_EQ("other", Explain(&system, identity)["boot"]);
}

TEST(Explain, TellsAnotherPidNamespaceAndAnotherStart) {
  System system;
  IdleChild child;
  hpr_identity identity = system.Identify(child.pid());
  SetBirth(&identity, WithPart(WithPart(BirthOf(identity), 0, "1"), 1, "1"));
  Proofs proofs = Explain(&system, identity);
  EXPECT_EQ("other", proofs["namespace"]);
  EXPECT_EQ("other", proofs["start"]);
}

TEST(Explain, TellsNobodyAndTheUnset) {
  System system;
  hpr_identity identity = {};
  EXPECT_EQ(2U, Explain(&system, identity).size()) << "its record and its boot";
  identity.pid = INT32_MAX; /* above all numbers that Linux gives out */
  Proofs proofs = Explain(&system, identity);
  EXPECT_EQ("none", proofs["record"]);
  EXPECT_EQ("unrecorded", proofs["boot"]);
  EXPECT_EQ("free", proofs["number"]);
  EXPECT_EQ(0U, proofs.count("process"));
}

} // namespace
