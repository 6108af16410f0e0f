#include "faults/faulty_memory.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include <atomic>

namespace {

struct Plan {
  bool armed = false, lasting = false, met = false;
  int calls = 0, number = 0;
} plan;

std::atomic<long> live_blocks{0};

bool Fails() {
  if (!plan.armed) return false;
  const int call = plan.calls++;
  const bool fails = plan.lasting ? call >= plan.number : call == plan.number;
  plan.met = plan.met || fails;
  return fails;
}

void *Counted(void *block) {
  if (block) live_blocks++;
  return block;
}

} // namespace

/* The linker's option --wrap=malloc calls the one __wrap_malloc and the other __real_malloc. */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
extern "C" {
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t size);
void __real_free(void *block);

void *__wrap_malloc(size_t size) { return Fails() ? nullptr : Counted(__real_malloc(size)); }

void *__wrap_calloc(size_t count, size_t size) {
  return Fails() ? nullptr : Counted(__real_calloc(count, size));
}

void *__wrap_realloc(void *block, size_t size) {
  if (Fails()) return nullptr;
  void *moved = __real_realloc(block, size);
  return block ? moved : Counted(moved);
}

char *__wrap_strdup(const char *text) {
  return Fails() ? nullptr : static_cast<char *>(Counted(__real_strdup(text)));
}

char *__wrap_strndup(const char *text, size_t size) {
  return Fails() ? nullptr : static_cast<char *>(Counted(__real_strndup(text, size)));
}

void __wrap_free(void *block) {
  if (block) live_blocks--;
  __real_free(block);
}
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

namespace {

/* cJSON is a library of its own, where the linker wraps nothing. */
const bool given_to_cjson = [] {
  cJSON_Hooks hooks = {__wrap_malloc, __wrap_free};
  cJSON_InitHooks(&hooks);
  return true;
}();

} // namespace

FaultyMemory::FaultyMemory(int number, bool lasting) {
  plan = Plan();
  plan.number = number;
  plan.lasting = lasting;
  plan.armed = given_to_cjson;
}

FaultyMemory::~FaultyMemory() { plan.armed = false; }

bool FaultyMemory::met() const { return plan.met; }

long LiveBlocks() { return live_blocks; }
