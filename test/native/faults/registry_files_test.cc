/* A registry whose file fails at every call: its memory is what it would be without. */
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "faults/story.h"
#include "support/client.h"

namespace {

constexpr int kCodes[] = {HPR_ENOSPC, HPR_EIO, HPR_EINTR, HPR_EMFILE, HPR_EACCES, HPR_EROFS};

using Warnings = std::vector<std::string>;

Warnings SaidSince(const World &world, size_t before) {
  return Warnings(world.warnings.begin() + static_cast<long>(before), world.warnings.end());
}

/* Orphans are read from the file: with a fault it can take a retry to know them. */
bool ReadsOrphans(size_t index) { return index == 0; }

/* A file without the name of our lock, which could not be had at first. */
std::string Unproved(std::string text) {
  const size_t at = text.find(",\"file\":");
  if (at != std::string::npos) text.erase(at, std::string(R"(,"file":"0123456789abcdef")").size());
  return text;
}

/* False if the step makes no call with that number. */
bool SurvivesFaultAt(size_t index, int number, int code, bool lasting) {
  const Chapter &before = Golden()[index], &after = Golden()[index + 1];
  const size_t descriptors = OpenDescriptors();
  bool met;
  {
    StoryUpTo world(index);
    const size_t said = world.warnings.size();
    world.files.FailCall(number, code, lasting);
    EXPECT_TRUE(Story()[index].run(world)) << "a file that fails makes no call fail";
    met = world.files.met();
    if (!ReadsOrphans(index)) {
      EXPECT_EQ(after.state, world.State());
    }
    EXPECT_TRUE(world.File() == before.file || world.File() == after.file ||
                (ReadsOrphans(index) && world.File() == Unproved(after.file)))
        << world.File();
    const Warnings warnings = SaidSince(world, said);
    const auto reports = std::count(warnings.begin(), warnings.end(), Code(code));
    /* Orphans that could not be recorded are let go of, and the turn tries again by itself. */
    const bool tried_again = ReadsOrphans(index) && reports == 1 && world.State() == after.state;
    EXPECT_EQ(world.is_retrying() || tried_again ? 1 : 0, reports)
        << "once, and only if it is tried again";
    EXPECT_FALSE(IsLocked(world.path() + ".lock"));
    if (!world.files.met_unlink()) {
      EXPECT_EQ(Warnings{}, world.Leftovers());
    }
    world.files.Heal();
    world.Retry();
    EXPECT_FALSE(world.is_retrying());
    EXPECT_EQ(after.state, world.State());
    EXPECT_EQ(after.file, world.File());
  }
  EXPECT_EQ(descriptors, OpenDescriptors());
  return met;
}

void SurviveEveryFault(int code, bool lasting) {
  for (size_t index = 0; index < Story().size(); index++) {
    int number = 0;
    for (bool met = true; met; number++) {
      SCOPED_TRACE(std::string(Story()[index].name) + ", " + Code(code) + " at call " +
                   std::to_string(number) + (lasting ? " and ever after" : ""));
      met = SurvivesFaultAt(index, number, code, lasting);
      if (testing::Test::HasFailure()) return; /* the first is the one to look at */
    }
  }
}

TEST(RegistryFiles, SurvivesEverySingleFault) {
  for (const int code : kCodes) SurviveEveryFault(code, false);
}

TEST(RegistryFiles, SurvivesEveryLastingFault) {
  for (const int code : kCodes) SurviveEveryFault(code, true);
}

TEST(RegistryFiles, IsTheSameThroughShortReadsAndWrites) {
  for (const size_t chunk : {1, 7, 64}) {
    StoryUpTo world(0);
    world.files.chunk_bytes = chunk;
    for (size_t index = 0; index < Story().size(); index++) {
      EXPECT_TRUE(Story()[index].run(world));
      EXPECT_EQ(Golden()[index + 1].state, world.State()) << Story()[index].name;
      EXPECT_EQ(Golden()[index + 1].file, world.File()) << Story()[index].name;
    }
  }
}

/* A disk that is full from the first step to the last, and every retry in between. */
TEST(RegistryFiles, TellsOfALastingFaultOnceAndCatchesUpInTheEnd) {
  for (const int code : kCodes) {
    SCOPED_TRACE(Code(code));
    StoryUpTo world(1); /* the orphans are known; all the rest is memory */
    const size_t said = world.warnings.size();
    const std::string file = world.File();
    world.files.FailCall(0, code, true);
    for (size_t index = 1; index < Story().size(); index++) {
      EXPECT_TRUE(Story()[index].run(world));
      EXPECT_EQ(Golden()[index + 1].state, world.State()) << Story()[index].name;
      EXPECT_EQ(file, world.File()) << Story()[index].name;
      world.Retry();
      EXPECT_TRUE(world.is_retrying());
    }
    EXPECT_EQ(Warnings{Code(code)}, SaidSince(world, said));
    world.files.Heal();
    world.Retry();
    EXPECT_EQ(Golden().back().file, world.File());
    EXPECT_EQ(Warnings{Code(code)}, SaidSince(world, said));
  }
}

TEST(RegistryFiles, LeavesTheFileAloneWhenItIsClosed) {
  StoryUpTo world(Story().size());
  const std::string file = world.File();
  world.files.before = [](Op op) { EXPECT_EQ(Op::kUnlink, op) << "of its spare"; };
  world.Close();
  EXPECT_EQ(file, world.File());
}

} // namespace
