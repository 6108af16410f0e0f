#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "support/faulty_files.h"
#include "support/folder.h"
#include "support/native.h"
#include "support/subprocess.h"

namespace {

constexpr int64_t kLimit = 1 << 20;

/* The text, or the code of the failure. */
std::string ReadWhole(const std::string &path, const hpr_file_ops *files = hpr_file_native(),
                      int64_t limit = kLimit) {
  char *text = nullptr;
  hpr_file_info info;
  const int result = hpr_read_whole(files, path.c_str(), limit, &text, &info);
  if (result != 0) {
    EXPECT_EQ(nullptr, text) << "outputs are written only on success";
    return Code(result);
  }
  std::string copy(text, static_cast<size_t>(info.size_bytes));
  free(text);
  return copy;
}

int PrintText(void *self, hpr_piece piece, hpr_buffer *buffer) {
  const auto &text = *static_cast<const std::string *>(self);
  hpr_buffer_add(buffer, text.data() + piece.at, piece.end - piece.at);
  return buffer->failed ? HPR_ENOMEM : 0;
}

/* Without a spare. */
int Replace(const std::string &path, const std::string &temporary, const std::string &text,
            const hpr_file_ops *files = hpr_file_native(), hpr_file_info *ret_info = nullptr) {
  hpr_spare spare = {};
  hpr_pieces changed = {};
  std::string copy = text;
  const hpr_spare_text source = {&copy, PrintText, static_cast<uint32_t>(copy.size()), &changed};
  int result = hpr_spare_init(&spare, path.c_str(), files);
  if (result == 0) result = hpr_spare_replace(&spare, &source, temporary.c_str(), false);
  if (ret_info) *ret_info = spare.live;
  hpr_spare_done(&spare);
  return result;
}

using Names = std::vector<std::string>;

/* --- unset ---------------------------------------------------------------------------------- */

TEST(ReadWhole, TellsThatThereIsNoFile) {
  Folder folder;
  EXPECT_EQ("HPR_ENOENT", ReadWhole(folder / "none"));
  EXPECT_EQ("HPR_ENOENT", ReadWhole(folder / "none/none"));
}

TEST(ReadWhole, ReadsAnEmptyFile) {
  Folder folder;
  Write(folder / "file", "");
  EXPECT_EQ("", ReadWhole(folder / "file"));
}

/* --- success -------------------------------------------------------------------------------- */

TEST(ReadWhole, ReadsToTheLimitAndNotBeyond) {
  Folder folder;
  Write(folder / "file", std::string(100, 'x'));
  EXPECT_EQ(std::string(100, 'x'), ReadWhole(folder / "file", hpr_file_native(), 100));
  EXPECT_EQ("HPR_ETOOBIG", ReadWhole(folder / "file", hpr_file_native(), 99));
}

TEST(ReadWhole, PutsShortReadsTogether) {
  Folder folder;
  std::string text;
  for (int i = 0; i < 5000; i++) text += static_cast<char>(i * 7);
  Write(folder / "file", text);
  for (const size_t chunk : {1, 2, 7, 4096}) {
    FaultyFiles files;
    files.chunk_bytes = chunk;
    EXPECT_EQ(text, ReadWhole(folder / "file", files.ops())) << chunk;
  }
}

TEST(ReadWhole, TakesWhatIsLeftOfAFileThatShrinks) {
  Folder folder;
  Write(folder / "file", std::string(1000, 'x'));
  FaultyFiles files;
  files.before = [&](Op op) {
    if (op != Op::kRead) return;
    ASSERT_EQ(0, truncate((folder / "file").c_str(), 10));
  };
  EXPECT_EQ(std::string(10, 'x'), ReadWhole(folder / "file", files.ops()));
}

TEST(Replace, MakesAFileThatWasNotThere) {
  Folder folder;
  hpr_file_info info = {};
  EXPECT_EQ("HPR_OK",
            Code(Replace(folder / "file", folder / "tmp", "new", hpr_file_native(), &info)));
  EXPECT_EQ("new", TextOf(folder / "file"));
  EXPECT_EQ(0600u, ModeOf(folder / "file"));
  EXPECT_EQ(3, info.size_bytes);
  EXPECT_EQ((Names{"file"}), NamesIn(folder.path()));
}

TEST(Replace, TakesThePlaceOfAFile) {
  Folder folder;
  Write(folder / "file", "old", 0644);
  EXPECT_EQ("HPR_OK", Code(Replace(folder / "file", folder / "tmp", "new")));
  EXPECT_EQ("new", TextOf(folder / "file"));
  EXPECT_EQ(0600u, ModeOf(folder / "file")) << "the old file's mode is not taken over";
  EXPECT_EQ((Names{"file"}), NamesIn(folder.path()));
}

TEST(Replace, ReturnsWhatStandsThereNow) {
  Folder folder;
  Write(folder / "file", "old");
  hpr_file_info returned = {}, named = {};
  ASSERT_EQ("HPR_OK",
            Code(Replace(folder / "file", folder / "tmp", "new", hpr_file_native(), &returned)));
  const hpr_file_ops *files = hpr_file_native();
  ASSERT_EQ(0, files->info_at(files->self, (folder / "file").c_str(), &named));
  EXPECT_EQ(named.inode, returned.inode);
  EXPECT_EQ(named.device, returned.device);
  EXPECT_EQ(named.modified_ns, returned.modified_ns);
  EXPECT_EQ(named.size_bytes, returned.size_bytes);
}

TEST(Replace, IsPrivateUnderAnyUmask) {
  InSubprocess([] {
    Folder folder;
    umask(0);
    EXPECT_EQ("HPR_OK", Code(Replace(folder / "file", folder / "tmp", "new")));
    EXPECT_EQ(0600u, ModeOf(folder / "file"));
  });
}

TEST(Replace, LeavesOpenReadersTheOldText) {
  Folder folder;
  Write(folder / "file", "old");
  FILE *reader = fopen((folder / "file").c_str(), "r");
  ASSERT_NE(nullptr, reader);
  ASSERT_EQ("HPR_OK", Code(Replace(folder / "file", folder / "tmp", "new")));
  char text[8] = "";
  EXPECT_EQ(3u, fread(text, 1, sizeof text, reader));
  EXPECT_STREQ("old", text);
  fclose(reader);
}

TEST(Replace, WritesLongTextsInShortPieces) {
  Folder folder;
  const std::string text(5000, 'x');
  for (const size_t chunk : {1, 3, 4096}) {
    FaultyFiles files;
    files.chunk_bytes = chunk;
    EXPECT_EQ("HPR_OK", Code(Replace(folder / "file", folder / "tmp", text, files.ops())));
    EXPECT_EQ(text, TextOf(folder / "file"));
  }
}

TEST(Replace, RenamesWhereNothingCanBeExchanged) {
  for (const int code : {HPR_ENOTSUP, HPR_ENOENT, HPR_EIO, HPR_EACCES}) {
    Folder folder;
    Write(folder / "file", "old");
    FaultyFiles files;
    files.FailAll(Op::kExchange, code);
    EXPECT_EQ("HPR_OK", Code(Replace(folder / "file", folder / "tmp", "new", files.ops())));
    EXPECT_EQ("new", TextOf(folder / "file"));
    EXPECT_EQ((Names{"file"}), NamesIn(folder.path()));
  }
}

TEST(MakeParents, MakesPrivateFoldersThatAreMissing) {
  Folder folder;
  InSubprocess([&] {
    umask(0);
    EXPECT_EQ("HPR_OK", Code(hpr_make_parents(hpr_file_native(), (folder / "a/b/c/file").c_str())));
  });
  for (const std::string name : {"a", "a/b", "a/b/c"}) EXPECT_EQ(0700u, ModeOf(folder / name));
  EXPECT_FALSE(TextOf(folder / "a/b/c/file"));
}

TEST(MakeParents, LeavesFoldersThatExistAsTheyAre) {
  Folder folder;
  ASSERT_EQ(0, mkdir((folder / "a").c_str(), 0755));
  ASSERT_EQ(0, chmod((folder / "a").c_str(), 0755));
  for (int i = 0; i < 2; i++)
    EXPECT_EQ("HPR_OK", Code(hpr_make_parents(hpr_file_native(), (folder / "a/b/f").c_str())));
  EXPECT_EQ(0755u, ModeOf(folder / "a"));
}

TEST(MakeParents, HasNothingToMakeForABareName) {
  EXPECT_EQ("HPR_OK", Code(hpr_make_parents(hpr_file_native(), "file")));
  EXPECT_EQ("HPR_OK", Code(hpr_make_parents(hpr_file_native(), "/file")));
}

/* --- failure -------------------------------------------------------------------------------- */

TEST(ReadWhole, RefusesWhatIsNoPrivateRegularFile) {
  Folder folder;
  Write(folder / "file", "text");
  ASSERT_EQ(0, symlink("file", (folder / "link").c_str()));
  ASSERT_EQ(0, symlink("loop", (folder / "loop").c_str()));
  ASSERT_EQ(0, symlink("none", (folder / "dangling").c_str()));
  ASSERT_EQ(0, mkfifo((folder / "fifo").c_str(), 0600));
  ASSERT_EQ(0, mkdir((folder / "folder").c_str(), 0700));
  Write(folder / "shared", "text", 0666);
  for (const std::string name : {"link", "loop", "dangling", "fifo", "folder", "shared"})
    EXPECT_EQ("HPR_EUNSAFE", ReadWhole(folder / name)) << name;
  EXPECT_EQ("HPR_EUNSAFE", ReadWhole("/dev/null"));
}

TEST(ReadWhole, RefusesAnotherUsersFile) {
  if (!CanChangeUser()) { /* then this one is another user's */
    EXPECT_EQ("HPR_EUNSAFE", ReadWhole("/etc/passwd"));
    return;
  }
  Folder folder;
  Write(folder / "file", "text");
  ASSERT_EQ(0, chown((folder / "file").c_str(), kNobody, kNobody));
  EXPECT_EQ("HPR_EUNSAFE", ReadWhole(folder / "file"));
}

TEST(ReadWhole, RefusesAFileWithoutPermission) {
  Folder folder;
  InSubprocess([&] {
    if (CanChangeUser()) {
      ASSERT_EQ(0, chown(folder.path().c_str(), kNobody, kNobody));
      BecomeNobody();
    }
    Write(folder / "file", "text", 0000);
    EXPECT_EQ("HPR_EACCES", ReadWhole(folder / "file"));
  });
}

TEST(ReadWhole, FailsWithoutALeakAtEveryCall) {
  Folder folder;
  Write(folder / "file", "text");
  const size_t before = OpenDescriptors();
  int faults = 0;
  for (bool met = true; met; faults++) {
    FaultyFiles files;
    files.FailCall(faults, HPR_EIO, false);
    const std::string answer = ReadWhole(folder / "file", files.ops());
    met = files.met();
    EXPECT_EQ(met ? "HPR_EIO" : "text", answer);
    EXPECT_EQ(before, OpenDescriptors());
  }
  EXPECT_GT(faults, 3);
}

TEST(ReadWhole, ReadsOnAfterAnInterruption) {
  Folder folder;
  Write(folder / "file", "text");
  FaultyFiles files;
  files.chunk_bytes = 1;
  files.FailCall(4, HPR_EINTR, false); /* the third read: open and info come before */
  EXPECT_EQ("text", ReadWhole(folder / "file", files.ops()));
  EXPECT_TRUE(files.met());
}

TEST(WriteNew, RefusesANameThatIsTaken) {
  Folder folder;
  Write(folder / "file", "old");
  ASSERT_EQ(0, symlink("target", (folder / "link").c_str()));
  ASSERT_EQ(0, mkfifo((folder / "fifo").c_str(), 0600));
  ASSERT_EQ(0, mkdir((folder / "folder").c_str(), 0700));
  hpr_file_info info;
  for (const std::string name : {"file", "link", "fifo", "folder"}) {
    const std::string path = folder / name;
    EXPECT_EQ("HPR_EEXIST", Code(hpr_write_new(hpr_file_native(), path.c_str(), "new", 3, &info)))
        << name;
  }
  EXPECT_EQ("old", TextOf(folder / "file"));
  EXPECT_FALSE(TextOf(folder / "target")) << "no link is followed";
}

TEST(WriteNew, TakesAWriteOfNothingForAFailure) {
  Folder folder;
  FaultyFiles files;
  files.chunk_bytes = 0;
  hpr_file_info info;
  EXPECT_EQ("HPR_EIO",
            Code(hpr_write_new(files.ops(), (folder / "file").c_str(), "new", 3, &info)));
  EXPECT_TRUE(NamesIn(folder.path()).empty());
}

TEST(Replace, IsAllOrNothingAtEveryFault) {
  for (const bool existing : {false, true}) {
    for (const int code : {HPR_ENOSPC, HPR_EIO, HPR_EINTR, HPR_EMFILE, HPR_EACCES, HPR_EROFS}) {
      int faults = 0;
      for (bool met = true; met; faults++) {
        Folder folder;
        if (existing) Write(folder / "file", "old");
        FaultyFiles files;
        files.chunk_bytes = 2;
        files.FailCall(faults, code, false);
        const size_t before = OpenDescriptors();
        const int result = Replace(folder / "file", folder / "tmp", "the new text", files.ops());
        met = files.met();
        SCOPED_TRACE(Code(code) + " at call " + std::to_string(faults));
        EXPECT_EQ(before, OpenDescriptors());
        const std::string failed = existing ? "old" : "(none)";
        EXPECT_EQ(result == 0 ? "the new text" : failed,
                  TextOf(folder / "file").value_or("(none)"));
        if (!files.met_unlink()) {
          EXPECT_TRUE(NamesWith(folder.path(), "tmp").empty());
        }
      }
      EXPECT_GT(faults, 8);
    }
  }
}

/* The limit on file sizes makes the kernel write a part and refuse the rest, as a full disk does.
 */
TEST(Replace, LeavesTheOldTextWhenTheDiskIsReallyFull) {
  InSubprocess([] {
    Folder folder;
    Write(folder / "file", "old");
    signal(SIGXFSZ, SIG_IGN);
    const struct rlimit limit = {1000, 1000};
    ASSERT_EQ(0, setrlimit(RLIMIT_FSIZE, &limit));
    EXPECT_NE("HPR_OK", Code(Replace(folder / "file", folder / "tmp", std::string(5000, 'x'))));
    EXPECT_EQ("old", TextOf(folder / "file"));
    EXPECT_EQ((Names{"file"}), NamesIn(folder.path()));
  });
}

TEST(Replace, LeavesAPlantedLinkAlone) {
  Folder folder;
  Write(folder / "victim", "precious");
  ASSERT_EQ(0, symlink("victim", (folder / "tmp").c_str()));
  EXPECT_EQ("HPR_EEXIST", Code(Replace(folder / "file", folder / "tmp", "new")));
  EXPECT_EQ("precious", TextOf(folder / "victim"));
  EXPECT_EQ((Names{"tmp", "victim"}), NamesIn(folder.path()));
}

TEST(MakeParents, TellsWhyTheLastFolderCouldNotBeMade) {
  Folder folder;
  Write(folder / "file", "");
  EXPECT_EQ("HPR_ENOENT", Code(hpr_make_parents(hpr_file_native(), (folder / "file/a/b").c_str())));
  for (const int code : {HPR_ENOSPC, HPR_EROFS, HPR_EACCES, HPR_EIO}) {
    FaultyFiles files;
    files.FailAll(Op::kMakeFolder, code);
    EXPECT_EQ(Code(code), Code(hpr_make_parents(files.ops(), (folder / "x/y").c_str())));
  }
}

} // namespace
