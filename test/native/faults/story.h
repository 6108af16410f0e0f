/* faults/story.h: one of everything that can happen to a registry, step by step. */
#ifndef HPR_TEST_FAULTS_STORY_H
#define HPR_TEST_FAULTS_STORY_H

#include <functional>
#include <string>
#include <vector>

#include "faults/world.h"

/* What a step may do when it lacks something. */
enum class Lack {
  kAnswers,   /* it answers false and has done nothing */
  kCatchesUp, /* it does all the same, at the latest when the file is tried again */
  kGoesOn,    /* what it could not do is as before, and done by the same step again */
};

struct Step {
  const char *name;
  Lack lack;
  std::function<bool(World &)> run;
};

const std::vector<Step> &Story();

/* The file that the story begins with. */
std::string FirstFile();

/* What the world looks like before each step and after the last, when nothing fails. */
struct Chapter {
  std::string state, file;
};
const std::vector<Chapter> &Golden();

/* A world in which the first `steps` steps have happened. */
class StoryUpTo : public World {
public:
  explicit StoryUpTo(size_t steps);
};

#endif
