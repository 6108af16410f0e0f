/* Locks on single bytes, which say who lives. */
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <functional>
#include <string>

#include "support/folder.h"
#include "support/native.h"

namespace {

constexpr uint64_t kByte = UINT64_C(0x3123456789abcdef);

const hpr_file_ops &Files() { return *hpr_file_native(); }

class Bytes : public testing::Test {
protected:
  void SetUp() override {
    hpr_file file = Open();
    const int result = Files().lock_byte(Files().self, file, 0);
    Close(file);
    if (result == HPR_ENOTSUP) GTEST_SKIP() << "no locks on single bytes here";
  }

  hpr_file Open() {
    hpr_file file = -1;
    EXPECT_EQ("HPR_OK", Code(Files().open_bytes(Files().self, path.c_str(), &file)));
    return file;
  }
  void Close(hpr_file file) { Files().close_bytes(Files().self, file); }
  std::string Lock(hpr_file file, uint64_t offset = kByte) {
    return Code(Files().lock_byte(Files().self, file, offset));
  }
  std::string Test(hpr_file file, uint64_t offset = kByte) {
    return Code(Files().test_byte(Files().self, file, offset));
  }
  void Unlock(hpr_file file) { Files().unlock_byte(Files().self, file, kByte); }

  /* Runs `work` in a fork and returns its pid; it lives until End(). */
  pid_t Fork(const std::function<void()> &work) {
    int ready[2];
    EXPECT_EQ(0, pipe(ready));
    const pid_t pid = fork();
    if (pid == 0) {
      work();
      EXPECT_EQ(1, write(ready[1], "r", 1));
      for (;;) pause();
    }
    char byte;
    EXPECT_EQ(1, read(ready[0], &byte, 1));
    close(ready[0]);
    close(ready[1]);
    return pid;
  }
  static void End(pid_t pid) {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  }

  Folder folder;
  const std::string path = folder / "owners";
};

TEST_F(Bytes, AreLockedAgainstEveryOtherOpening) {
  hpr_file one = Open(), two = Open();
  EXPECT_EQ("HPR_OK", Lock(one));
  EXPECT_EQ("HPR_OK", Lock(one)) << "it has it already";
  EXPECT_EQ("HPR_OK", Test(one)) << "its own is in nobody's way";
  EXPECT_EQ("HPR_EBUSY", Lock(two));
  EXPECT_EQ("HPR_EBUSY", Test(two));
  EXPECT_EQ("HPR_OK", Lock(two, kByte + 1));
  Unlock(one);
  EXPECT_EQ("HPR_OK", Test(two));
  EXPECT_EQ("HPR_OK", Lock(two));
  Close(two);
  EXPECT_EQ("HPR_OK", Test(one)) << "closing frees";
  Close(one);
}

TEST_F(Bytes, CanBeTestedByWhoMayOnlyRead) {
  hpr_file one = Open(), reader;
  ASSERT_EQ("HPR_OK", Lock(one));
  ASSERT_EQ("HPR_OK", Code(Files().open(Files().self, path.c_str(), &reader)));
  EXPECT_EQ("HPR_EBUSY", Test(reader));
  Unlock(one);
  EXPECT_EQ("HPR_OK", Test(reader));
  Files().close(Files().self, reader);
  Close(one);
}

TEST_F(Bytes, AreFreeWhenTheirHolderIsKilled) {
  hpr_file here = Open();
  const pid_t holder = Fork([&] { Lock(Open()); });
  EXPECT_EQ("HPR_EBUSY", Test(here));
  End(holder);
  EXPECT_EQ("HPR_OK", Test(here));
  Close(here);
}

TEST_F(Bytes, AreNotKeptByAForkThatLivesOn) {
  hpr_file here = Open();
  pid_t fork_of_holder = 0;
  int told[2];
  ASSERT_EQ(0, pipe(told));
  const pid_t holder = Fork([&] {
    Lock(Open());
    const pid_t living = Fork([] {});
    EXPECT_EQ(static_cast<ssize_t>(sizeof living), write(told[1], &living, sizeof living));
  });
  ASSERT_EQ(static_cast<ssize_t>(sizeof fork_of_holder),
            read(told[0], &fork_of_holder, sizeof fork_of_holder));
  EXPECT_EQ("HPR_EBUSY", Test(here));
  End(holder);
  EXPECT_EQ("HPR_OK", Test(here));
  EXPECT_EQ(0, kill(fork_of_holder, SIGKILL)) << "it lived";
  close(told[0]);
  close(told[1]);
  Close(here);
}

TEST_F(Bytes, AreNotFreedByAFork) {
  hpr_file holder = Open(), here = Open();
  ASSERT_EQ("HPR_OK", Lock(holder));
  End(Fork([&] {
    Unlock(holder);
    Close(holder);
  }));
  EXPECT_EQ("HPR_EBUSY", Test(here));
  Close(holder);
  Close(here);
}

TEST_F(Bytes, OfAForkAreItsOwn) {
  hpr_file holder = Open();
  ASSERT_EQ("HPR_OK", Lock(holder));
  End(Fork([&] {
    const hpr_file own = Open(); /* the number that the parent's has there no more */
    Close(holder == own ? -1 : holder);
    EXPECT_EQ("HPR_OK", Lock(own, kByte + 1));
  }));
  EXPECT_EQ("HPR_EBUSY", Test(Open()));
  Close(holder);
}

TEST_F(Bytes, ForLifeAreTakenOncePerFile) {
  uint64_t first = 0, second = 0, other = 0;
  const auto take = [](const std::string &name, uint64_t offset, uint64_t *ret_offset) {
    return Code(Files().lock_byte_for_life(Files().self, name.c_str(), offset, ret_offset));
  };
  const pid_t holder = Fork([&] {
    EXPECT_EQ("HPR_OK", take(path, kByte, &first));
    EXPECT_EQ("HPR_OK", take(path, kByte + 1, &second));
    EXPECT_EQ("HPR_OK", take(folder / "other", kByte + 2, &other));
    if (first != kByte || second != kByte || other != kByte + 2) _exit(1);
  });
  hpr_file here = Open();
  EXPECT_EQ("HPR_EBUSY", Test(here));
  EXPECT_EQ("HPR_OK", Test(here, kByte + 1));
  End(holder);
  EXPECT_EQ("HPR_OK", Test(here));
  Close(here);
}

TEST_F(Bytes, AreReadAndWrittenInTheirPlace) {
  char text[8] = {0};
  size_t count = 0;
  hpr_file one = Open(), two = Open();
  EXPECT_EQ("HPR_OK", Code(Files().write_at(Files().self, one, 8, "abcd", 4, &count)));
  EXPECT_EQ(4u, count);
  EXPECT_EQ("HPR_OK", Code(Files().read_at(Files().self, two, 9, text, sizeof text, &count)));
  EXPECT_EQ("bcd", std::string(text, count));
  EXPECT_EQ("HPR_OK", Code(Files().read_at(Files().self, two, 100, text, sizeof text, &count)));
  EXPECT_EQ(0u, count);
  Close(one);
  Close(two);
}

} // namespace
