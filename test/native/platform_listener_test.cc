#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <string>

#include "support/folder.h"
#include "support/processes.h"
#include "support/sandbox.h"
#include "support/subprocess.h"
#include "support/wait.h"

extern "C" {
#include "platform/errand.h"
#include "platform/listener.h"
}

namespace {

constexpr uint32_t kPeerPidfd = 77; /* SO_PEERPIDFD */
constexpr int kCloseRange = 436;

int Listen(const std::string &path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool listens =
      bind(fd, reinterpret_cast<const sockaddr *>(&address), sizeof address) == 0 &&
      listen(fd, 8) == 0;
  EXPECT_TRUE(listens) << errno;
  return fd;
}

struct Looked {
  std::string code;
  hpr_identity who;
};

Looked Look(const std::string &path, int64_t recorded_ms = INT64_MIN) {
  hpr_connection connection;
  hpr_identity who{};
  EXPECT_EQ(0, hpr_connection_prepare(&connection));
  const int result = hpr_listener_look(path.c_str(), recorded_ms, &connection, &who);
  hpr_connection_close(connection);
  return {hpr_error_name(result), who};
}

class Listener : public testing::Test {
protected:
  Folder folder;
  const std::string path = folder / "s.rpc.sock";
};

/* A keeper: a child of ours that listens. */
struct Keeper : Child {
  explicit Keeper(const std::string &path)
      : Child(1, [&](const Report &report) {
          Listen(path);
          report(getpid());
          Idle();
        }) {}
};

/* Where the system gives no handle on the peer, the number has to be proved. */
void WithoutHandles(const std::function<void()> &body) {
  InSubprocess([&] {
    ASSERT_TRUE(Withhold({{SYS_getsockopt, ENOPROTOOPT, 2, kPeerPidfd}}));
    body();
  });
}

TEST_F(Listener, IsNobodyWhereNobodyListens) {
  EXPECT_EQ("HPR_ENOENT", Look(path).code);
  close(Listen(path));
  EXPECT_EQ("HPR_ENOENT", Look(path).code);
}

TEST_F(Listener, IsNoFileAndNoLink) {
  Write(path, "");
  EXPECT_EQ("HPR_EUNSAFE", Look(path).code);
  const Keeper keeper(folder / "other");
  symlink((folder / "other").c_str(), (folder / "link").c_str());
  EXPECT_EQ("HPR_EUNSAFE", Look(folder / "link").code);
}

TEST_F(Listener, IsNamedWithItsIdentity) {
  const Keeper keeper(path);
  const Looked looked = Look(path);
  EXPECT_EQ("HPR_OK", looked.code);
  EXPECT_EQ(keeper.pid(), looked.who.pid);
  EXPECT_EQ(HPR_RECORD_KNOWN, looked.who.state);
}

TEST_F(Listener, IsNotNamedWhenItIsDeadAndItsChildListens) {
  Child keeper(1, [&](const Report &report) {
    Listen(path);
    report(ForkIn(Idle));
    _exit(0);
  });
  const Grandchild heir(keeper.reported());
  keeper.Reap();
  const Looked looked = Look(path);
  EXPECT_EQ("HPR_OK", looked.code);
  EXPECT_EQ(0, looked.who.pid);
  WithoutHandles([&] { EXPECT_EQ(0, Look(path).who.pid); });
}

TEST_F(Listener, IsNotNamedFromTheMomentItIsKilled) {
  for (int round = 0; round < 50; round++) {
    const std::string its_own = folder / std::to_string(round);
    const Keeper keeper(its_own);
    keeper.Kill();
    EXPECT_EQ(0, Look(its_own).who.pid) << round;
  }
}

TEST_F(Listener, IsNamedByItsNumberIfItStartedBeforeThatWasWritten) {
  const Keeper keeper(path);
  WithoutHandles([&] {
    EXPECT_EQ(keeper.pid(), Look(path).who.pid); /* by the time of the socket */
    const int64_t now_ms = time(nullptr) * INT64_C(1000) + 1000;
    EXPECT_EQ(keeper.pid(), Look(path, now_ms).who.pid);
    EXPECT_EQ(0, Look(path, now_ms - 5000).who.pid) << "a later holder of the number";
  });
}

TEST_F(Listener, IsAskedWithoutLeavingADescriptorOpen) {
  const Keeper keeper(path);
  const size_t before = OpenDescriptors();
  Look(path);
  Look(folder / "none");
  EXPECT_EQ(before, OpenDescriptors());
}

TEST_F(Listener, TellsWhatItHasNotRead) {
  const Keeper keeper(path);
  hpr_connection connection;
  int64_t made_ms;
  ASSERT_EQ(0, hpr_connection_prepare(&connection));
  ASSERT_EQ(0, hpr_connection_open(path.c_str(), &connection, &made_ms));
  if (hpr_connection_unread(connection) >= 0) {
    EXPECT_EQ(0, hpr_connection_unread(connection));
    EXPECT_EQ(2, write(static_cast<int>(connection), "x\n", 2));
    EXPECT_LT(0, hpr_connection_unread(connection));
  }
  hpr_connection_close(connection);
}

/* A thread that leaves our descriptors but one, says so, and waits for ever. */
struct Stuck {
  int keep;
  std::atomic<bool> left{false};
};

TEST(Errand, ThatIsStuckKeepsNoDescriptorButItsOwn) {
  if (syscall(kCloseRange, ~0U, ~0U, 0) != 0) GTEST_SKIP() << "Linux before 5.9";
  int kept[2], closed[2];
  ASSERT_EQ(0, pipe2(kept, O_CLOEXEC));
  ASSERT_EQ(0, pipe2(closed, O_CLOEXEC));
  const auto run = [](void *context) {
    auto *it = static_cast<Stuck *>(context);
    hpr_errand_leave_files(it->keep);
    it->left = true;
    for (;;) pause();
  };
  auto *stuck = new Stuck{kept[1]}; /* the thread's, which stays */
  ASSERT_EQ(0, hpr_errand_start(run, stuck));
  ASSERT_TRUE(Eventually([&] { return stuck->left.load(); }));
  char byte;
  close(closed[1]);
  EXPECT_EQ(0, read(closed[0], &byte, 1)) << "its other end is open yet";
  close(kept[1]);
  fcntl(kept[0], F_SETFL, O_NONBLOCK);
  EXPECT_EQ(-1, read(kept[0], &byte, 1));
  EXPECT_EQ(EAGAIN, errno);
  close(kept[0]);
  close(closed[0]);
}

} // namespace
