/*
 * sim/main.cc: `sim [--seeds N] [--first SEED] [--steps N] [--seconds N] [--trace] [--trees]`;
 * --trees: only of all that sessions start. Ends with 1 at the first seed that breaks a promise,
 * and tells how to see it again.
 */
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <string>

#include "sim/hosts.h"
#include "sim/story.h"
#include "sim/trees.h"

namespace {

constexpr size_t kHostsShare = 4; /* of the steps of a story */

struct Options {
  uint64_t first = 1, seeds = 1000;
  size_t steps = 300;
  int seconds = 3600;
  bool trace = false;
  bool trees_only = false;
};

Options Parse(int argc, char **argv) {
  Options options;
  for (int i = 1; i < argc; i++) {
    const bool last = i + 1 == argc;
    const uint64_t number = last ? 0 : strtoull(argv[i + 1], nullptr, 10);
    if (strcmp(argv[i], "--trace") == 0 || strcmp(argv[i], "--trees") == 0) {
      (strcmp(argv[i], "--trace") == 0 ? options.trace : options.trees_only) = true;
      continue;
    }
    if (strcmp(argv[i], "--seeds") == 0)
      options.seeds = number;
    else if (strcmp(argv[i], "--first") == 0)
      options.first = number;
    else if (strcmp(argv[i], "--steps") == 0)
      options.steps = number;
    else if (strcmp(argv[i], "--seconds") == 0)
      options.seconds = static_cast<int>(number);
    else
      number == 0 ? (fprintf(stderr, "sim: what is %s?\n", argv[i]), exit(2)) : void();
    i++;
  }
  return options;
}

void Tell(const std::deque<std::string> &notes) {
  for (const std::string &note : notes) printf("%s\n", note.c_str());
}

const std::deque<std::string> *the_notes = nullptr;
uint64_t the_seed = 0;

/* An assertion of the core has failed: the story so far, and how to see it again. */
void TellOfAbort(int) {
  Tell(*the_notes);
  printf("seed %llu: an assertion failed\n", static_cast<unsigned long long>(the_seed));
  fflush(stdout);
}

/* True if all promises were kept. */
template <typename Tale>
bool Play(Tale *tale, const std::deque<std::string> &notes, const Options &options,
          size_t tale_steps, uint64_t *steps) {
  the_notes = &notes;
  const std::string broken = tale->Run(tale_steps);
  *steps += tale->steps();
  if (options.trace || !broken.empty()) Tell(notes);
  if (broken.empty()) return true;
  const auto number = static_cast<unsigned long long>(the_seed);
  printf("seed %llu: %s\nsee it again: npm run sim -- --first %llu --seeds 1 --steps %zu\n", number,
         broken.c_str(), number, options.steps);
  return false;
}

bool PlayStory(const Options &options, uint64_t *steps) {
  sim::Story story(the_seed);
  story.kernel().keep_all_notes = options.trace;
  return Play(&story, story.kernel().notes(), options, options.steps, steps);
}

bool PlayTree(const Options &options, uint64_t *steps) {
  sim::TreeStory story(the_seed);
  story.kernel().keep_all_notes = options.trace;
  return Play(&story, story.kernel().notes(), options, options.steps, steps);
}

bool PlayHosts(const Options &options, uint64_t *steps) {
  sim::Hosts hosts(the_seed);
  hosts.keep_all_notes = options.trace;
  return Play(&hosts, hosts.notes(), options, options.steps / kHostsShare, steps);
}

} // namespace

int main(int argc, char **argv) {
  const Options options = Parse(argc, argv);
  signal(SIGABRT, TellOfAbort);
  const auto started = std::chrono::steady_clock::now();
  const auto end = started + std::chrono::seconds(options.seconds);
  uint64_t steps = 0, seed = options.first;
  for (; seed < options.first + options.seeds; seed++) {
    if (std::chrono::steady_clock::now() > end) break;
    the_seed = seed;
    const bool told =
        options.trees_only || (PlayStory(options, &steps) && PlayHosts(options, &steps));
    if (!told || !PlayTree(options, &steps)) return 1;
  }
  printf("sim: %llu stories, %llu steps, every promise kept\n",
         static_cast<unsigned long long>(seed - options.first),
         static_cast<unsigned long long>(steps));
  return seed == options.first;
}
