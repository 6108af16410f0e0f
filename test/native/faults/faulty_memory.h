/* faults/faulty_memory.h: an allocation that fails at a chosen call. Only in fault_tests. */
#ifndef HPR_TEST_FAULTS_FAULTY_MEMORY_H
#define HPR_TEST_FAULTS_FAULTY_MEMORY_H

/*
 * As long as it lives, the allocation with that number (from 0) fails, or all from it on. The
 * linker puts our functions between the C code and the real ones, and cJSON is given them; what
 * the test itself takes with `new` is not counted.
 */
class FaultyMemory {
public:
  FaultyMemory(int number, bool lasting);
  ~FaultyMemory();
  FaultyMemory(const FaultyMemory &) = delete;
  FaultyMemory &operator=(const FaultyMemory &) = delete;

  bool met() const;
};

/* Blocks that the C code has taken and not given back. */
long LiveBlocks();

#endif
