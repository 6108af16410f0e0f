/* The Windows platform's files: what is promised of them there and not by POSIX. */
#include <gtest/gtest.h>
#include <windows.h>

#include <aclapi.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "support/client.h"
#include "support/folder.h"
#include "support/wait.h"
#include "windows/children.h"

namespace {

const hpr_file_ops &Files() { return *hpr_file_native(); }

std::filesystem::path Wide(const std::string &path) { return std::filesystem::u8path(path); }

/* An open file that is closed with the test; `result` tells how opening went. */
class Opened {
public:
  using Open = int (*)(void *self, const char *path, hpr_file *ret_file);

  Opened(Open open, const std::string &path) : result(open(Files().self, path.c_str(), &file)) {}
  ~Opened() { Close(); }
  Opened(const Opened &) = delete;
  Opened &operator=(const Opened &) = delete;

  void Close() {
    if (result == 0) Files().close(Files().self, file);
    result = HPR_ECLOSED;
  }

  hpr_file file = -1;
  int result;
};

/* As a scanner opens it: in everybody's way, or in nobody's. */
class Scanner {
public:
  Scanner(const std::string &path, DWORD share)
      : file_(CreateFileW(Wide(path).c_str(), GENERIC_READ, share, nullptr, OPEN_EXISTING, 0,
                          nullptr)) {
    EXPECT_NE(INVALID_HANDLE_VALUE, file_);
  }
  ~Scanner() { CloseHandle(file_); }
  Scanner(const Scanner &) = delete;
  Scanner &operator=(const Scanner &) = delete;

private:
  HANDLE file_;
};

constexpr DWORD kShareAll = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

std::string OpenCode(const std::string &path) { return Code(Opened(Files().open, path).result); }

hpr_file_info InfoAt(const std::string &path) {
  hpr_file_info info = {};
  EXPECT_EQ("HPR_OK", Code(Files().info_at(Files().self, path.c_str(), &info)));
  return info;
}

std::string Rename(const std::string &from, const std::string &to) {
  return Code(Files().rename(Files().self, from.c_str(), to.c_str()));
}

std::string MakeFolder(const std::string &path) {
  return Code(Files().make_folder(Files().self, path.c_str()));
}

std::string Unlink(const std::string &path) {
  return Code(Files().unlink(Files().self, path.c_str()));
}

std::string Create(const std::string &path, const std::string &text) {
  hpr_file_info info;
  return Code(hpr_write_new(&Files(), path.c_str(), text.data(), text.size(), &info));
}

std::vector<std::string> List(const std::string &folder) {
  std::vector<std::string> names;
  const int result = Files().list(
      Files().self, folder.c_str(),
      [](void *context, const char *name) {
        if (name[0] != '.') static_cast<std::vector<std::string> *>(context)->push_back(name);
      },
      &names);
  EXPECT_EQ("HPR_OK", Code(result));
  std::sort(names.begin(), names.end());
  return names;
}

/* --- what is there -------------------------------------------------------------------------- */

TEST(WindowsFile, OpensNothingThatIsNotThere) {
  Folder folder;
  EXPECT_EQ("HPR_ENOENT", OpenCode(folder / "none"));
  EXPECT_EQ("HPR_ENOENT", OpenCode(folder / "none/none"));
  Write(folder / "file", "");
  EXPECT_EQ("HPR_ENOENT", OpenCode(folder / "file/none")) << "below a file there is nothing";
  EXPECT_EQ("HPR_EINVAL", OpenCode(folder / "\xFF")) << "not UTF-8";
  EXPECT_NE("HPR_OK", OpenCode(""));
}

TEST(WindowsFile, TellsWhatAFileIs) {
  Folder folder;
  ASSERT_EQ("HPR_OK", Create(folder / "file", "12345"));
  const hpr_file_info info = InfoAt(folder / "file");
  EXPECT_TRUE(info.regular);
  EXPECT_TRUE(info.ours);
  EXPECT_FALSE(info.writable_by_all);
  EXPECT_EQ(1u, info.links);
  EXPECT_EQ(5, info.size_bytes);
  EXPECT_NE(0u, info.inode);
  const double now_ns = 1e9 * static_cast<double>(time(nullptr));
  EXPECT_NEAR(now_ns, static_cast<double>(info.modified_ns), 60e9);
}

TEST(WindowsFile, TellsTheSameByNameAndByHandle) {
  Folder folder;
  ASSERT_EQ("HPR_OK", Create(folder / "file", "12345"));
  Opened it(Files().open, folder / "file");
  hpr_file_info info = {};
  ASSERT_EQ("HPR_OK", Code(Files().info(Files().self, it.file, &info)));
  EXPECT_EQ(InfoAt(folder / "file").inode, info.inode);
  EXPECT_EQ(InfoAt(folder / "file").modified_ns, info.modified_ns);
  ASSERT_EQ("HPR_OK", Unlink(folder / "file"));
  ASSERT_EQ("HPR_OK", Code(Files().info(Files().self, it.file, &info)));
  if (IsWine()) GTEST_SKIP() << "Wine 8 does not tell that a file is being deleted";
  EXPECT_EQ(0u, info.links) << "deleted";
}

TEST(WindowsFile, TellsWhatIsNoRegularFile) {
  Folder folder;
  ASSERT_EQ("HPR_OK", MakeFolder(folder / "folder"));
  EXPECT_FALSE(InfoAt(folder / "folder").regular);
  EXPECT_FALSE(InfoAt(folder.path()).regular);
  Opened device(Files().open, "\\\\.\\NUL");
  ASSERT_EQ("HPR_OK", Code(device.result));
  hpr_file_info info = {};
  ASSERT_EQ("HPR_OK", Code(Files().info(Files().self, device.file, &info)));
  EXPECT_FALSE(info.regular);
  EXPECT_FALSE(info.ours);
}

TEST(WindowsFile, FollowsNoLink) {
  Folder folder;
  Write(folder / "file", "text");
  CreateSymbolicLinkW(Wide(folder / "link").c_str(), L"file", 2 /* without privilege */);
  const DWORD attributes = GetFileAttributesW(Wide(folder / "link").c_str());
  if (attributes == INVALID_FILE_ATTRIBUTES || !(attributes & FILE_ATTRIBUTE_REPARSE_POINT))
    GTEST_SKIP() << "this system makes no symbolic links";
  EXPECT_EQ("HPR_EUNSAFE", OpenCode(folder / "link"));
  EXPECT_EQ("HPR_EUNSAFE", Code(Opened(Files().open_lock, folder / "link").result));
  EXPECT_EQ("HPR_EEXIST", Code(Opened(Files().create, folder / "link").result));
  EXPECT_FALSE(InfoAt(folder / "link").regular);
}

/* --- privacy -------------------------------------------------------------------------------- */

bool LetEverybodyWrite(const std::string &path) {
  EXPLICIT_ACCESSW access = {};
  PSID sid = nullptr;
  ACL *list = nullptr;
  SID_IDENTIFIER_AUTHORITY world = SECURITY_WORLD_SID_AUTHORITY;
  AllocateAndInitializeSid(&world, 1, SECURITY_WORLD_RID, 0, 0, 0, 0, 0, 0, 0, &sid);
  access.grfAccessPermissions = FILE_ALL_ACCESS;
  access.grfAccessMode = SET_ACCESS;
  access.Trustee.TrusteeForm = TRUSTEE_IS_SID;
  access.Trustee.ptstrName = static_cast<LPWSTR>(sid);
  SetEntriesInAclW(1, &access, nullptr, &list);
  std::wstring name = Wide(path).wstring();
  const bool done = SetNamedSecurityInfoW(name.data(), SE_FILE_OBJECT, DACL_SECURITY_INFORMATION,
                                          nullptr, nullptr, list, nullptr) == ERROR_SUCCESS;
  LocalFree(list);
  FreeSid(sid);
  return done;
}

TEST(WindowsFile, TellsWhoElseMayWrite) {
  Folder folder;
  ASSERT_EQ("HPR_OK", Create(folder / "file", ""));
  EXPECT_FALSE(InfoAt(folder / "file").writable_by_all);
  ASSERT_TRUE(LetEverybodyWrite(folder / "file"));
  EXPECT_TRUE(InfoAt(folder / "file").writable_by_all);
}

bool LetsEverybodyIn(ACL *list) {
  for (DWORD i = 0; i < list->AceCount; i++) {
    ACCESS_ALLOWED_ACE *ace;
    if (!GetAce(list, i, reinterpret_cast<void **>(&ace))) return true;
    if (ace->Header.AceType != ACCESS_ALLOWED_ACE_TYPE) continue;
    for (const auto group : {WinWorldSid, WinAuthenticatedUserSid, WinBuiltinUsersSid})
      if (IsWellKnownSid(&ace->SidStart, group)) return true;
  }
  return false;
}

/* Wine stores a list as a mode, and reads it back with other words. */
TEST(WindowsFile, MakesPrivateFilesInFoldersThatAreNot) {
  Folder folder;
  ASSERT_TRUE(LetEverybodyWrite(folder.path()));
  ASSERT_EQ("HPR_OK", Create(folder / "file", ""));
  ASSERT_EQ("HPR_OK", MakeFolder(folder / "folder"));
  Opened lock(Files().open_lock, folder / "lock");
  ASSERT_EQ("HPR_OK", Code(lock.result));
  for (const char *name : {"file", "folder", "lock"}) {
    PSECURITY_DESCRIPTOR descriptor = nullptr;
    ACL *list = nullptr;
    std::wstring path = Wide(folder / name).wstring();
    ASSERT_EQ(0u, GetNamedSecurityInfoW(path.data(), SE_FILE_OBJECT, DACL_SECURITY_INFORMATION,
                                        nullptr, nullptr, &list, nullptr, &descriptor));
    ASSERT_NE(nullptr, list) << name;
    EXPECT_FALSE(LetsEverybodyIn(list)) << name;
    if (!IsWine()) {
      EXPECT_EQ(1, list->AceCount) << name;
    }
    LocalFree(descriptor);
    EXPECT_TRUE(InfoAt(folder / name).ours) << name;
    EXPECT_FALSE(InfoAt(folder / name).writable_by_all) << name;
  }
}

TEST(WindowsFile, GivesNoHandleToAnotherProgram) {
  Folder folder;
  Write(folder / "file", "");
  Opened read(Files().open, folder / "file"), made(Files().create, folder / "new"),
      lock(Files().open_lock, folder / "lock");
  for (const Opened *it : {&read, &made, &lock}) {
    DWORD flags = HANDLE_FLAG_INHERIT;
    ASSERT_EQ("HPR_OK", Code(it->result));
    ASSERT_TRUE(GetHandleInformation(reinterpret_cast<HANDLE>(it->file), &flags));
    EXPECT_EQ(0u, flags & HANDLE_FLAG_INHERIT);
  }
}

/* --- reading, writing, names ---------------------------------------------------------------- */

TEST(WindowsFile, ReadsAndWritesBytes) {
  Folder folder;
  const std::string bytes("a\0\r\nb\x1A", 6);
  ASSERT_EQ("HPR_OK", Create(folder / "file", bytes));
  EXPECT_EQ("HPR_EEXIST", Create(folder / "file", bytes));
  EXPECT_EQ(bytes, TextOf(folder / "file"));
  Opened read(Files().open, folder / "file");
  char buffer[16];
  size_t count = 0;
  ASSERT_EQ("HPR_OK", Code(Files().read(Files().self, read.file, buffer, sizeof buffer, &count)));
  EXPECT_EQ(bytes, std::string(buffer, count));
  ASSERT_EQ("HPR_OK", Code(Files().read(Files().self, read.file, buffer, sizeof buffer, &count)));
  EXPECT_EQ(0u, count);
}

TEST(WindowsFile, TakesNamesOfAllLettersAndPathsOfAnyLength) {
  Folder folder;
  const std::string letters = "\xC3\x9C"
                              "nic\xC3\xB6"
                              "de \xE6\x97\xA5\xE6\x9C\xAC \xF0\x9F\xA6\x86";
  std::string path = folder.path();
  for (int i = 0; i < 4; i++) {
    path += "\\" + letters + std::string(90, 'x');
    ASSERT_EQ("HPR_OK", MakeFolder(path)) << path.size();
    EXPECT_EQ("HPR_EEXIST", MakeFolder(path));
  }
  ASSERT_GT(path.size(), 400u);
  ASSERT_EQ("HPR_OK", Create(path + "\\" + letters, "old"));
  ASSERT_EQ("HPR_OK", Create(path + "\\new", "text"));
  EXPECT_EQ("HPR_OK", Rename(path + "\\new", path + "\\" + letters));
  EXPECT_EQ(std::vector<std::string>{letters}, List(path));
  EXPECT_EQ(4, InfoAt(path + "/" + letters).size_bytes) << "slashes are as good";
  EXPECT_EQ("HPR_OK", Unlink(path + "\\" + letters));
  EXPECT_EQ("HPR_ENOENT", Unlink(path + "\\" + letters));
}

TEST(WindowsFile, MakesTheFoldersAboveAPath) {
  Folder folder;
  EXPECT_EQ(0, hpr_make_parents(&Files(), (folder.path() + "\\a\\b/c\\file").c_str()));
  EXPECT_FALSE(InfoAt(folder / "a/b/c").regular);
  EXPECT_EQ("HPR_ENOENT", OpenCode(folder / "a/b/c/file"));
  EXPECT_EQ(0, hpr_make_parents(&Files(), (folder.path() + "\\a\\file").c_str()));
}

TEST(WindowsFile, KnowsAPathByItsText) {
  const auto same = [&](const std::string &a, const std::string &b) {
    return Files().same_path(Files().self, a.c_str(), b.c_str());
  };
  EXPECT_TRUE(same("C:\\Agent", "c:\\AGENT"));
  EXPECT_TRUE(same("C:\\Agent", "C:/other/../Agent"));
  EXPECT_FALSE(same("C:\\Agent", "C:\\other"));
  EXPECT_FALSE(same("C:\\Agent", "D:\\Agent"));
  EXPECT_FALSE(same("", ""));
}

TEST(WindowsFile, AsksNoFileSystemForAFolder) {
  hpr_folder_id id;
  EXPECT_EQ("HPR_ENOTSUP", Code(Files().folder(Files().self, "C:\\", HPR_PATIENCE_BRIEF, &id)));
}

TEST(WindowsFile, KnowsTheNameOfAPipe) {
  const auto names = [](const std::string &path) {
    return Files().names_socket(Files().self, path.c_str());
  };
  EXPECT_TRUE(names("\\\\.\\pipe\\pi-rpc-1"));
  EXPECT_TRUE(names("\\\\?\\PIPE\\pi-rpc-1"));
  EXPECT_FALSE(names("\\\\.\\pipe\\"));
  EXPECT_FALSE(names("\\\\.\\pipe\\" + std::string(300, 'x')));
  for (const char *path : {"", "/tmp/s", "C:\\s", "\\\\.\\COM1", "pipe"})
    EXPECT_FALSE(names(path)) << path;
}

/* --- replacing ------------------------------------------------------------------------------ */

TEST(WindowsFile, ReplacesAFile) {
  Folder folder;
  Write(folder / "old", "old");
  Write(folder / "new", "new");
  EXPECT_EQ("HPR_OK", Rename(folder / "new", folder / "old"));
  EXPECT_EQ("new", TextOf(folder / "old"));
  EXPECT_EQ(std::vector<std::string>{"old"}, List(folder.path()));
  EXPECT_EQ("HPR_ENOENT", Rename(folder / "new", folder / "old"));
  EXPECT_EQ("HPR_OK", Rename(folder / "old", folder / "new")) << "where there is none";
  EXPECT_EQ("HPR_ENOTSUP",
            Code(Files().exchange(Files().self, (folder / "a").c_str(), (folder / "b").c_str())));
}

TEST(WindowsFile, ReplacesAFileThatAScannerHoldsForAMoment) {
  Folder folder;
  for (const DWORD share : {kShareAll, DWORD{FILE_SHARE_READ}, DWORD{0}}) {
    Write(folder / "old", "old");
    Write(folder / "new", "new");
    auto scanner = std::make_unique<Scanner>(folder / "old", share);
    std::thread letting_go([&] {
      Sleep(30);
      scanner.reset();
    });
    EXPECT_EQ("HPR_OK", Rename(folder / "new", folder / "old")) << share;
    letting_go.join();
    EXPECT_EQ("new", TextOf(folder / "old"));
  }
}

TEST(WindowsFile, DoesNotWaitForEver) {
  Folder folder;
  Write(folder / "old", "old");
  Write(folder / "new", "new");
  Scanner scanner(folder / "old", FILE_SHARE_READ);
  const auto start = std::chrono::steady_clock::now();
  const std::string result = Rename(folder / "new", folder / "old");
  EXPECT_TRUE(result == "HPR_EACCES" || result == "HPR_EBUSY") << result;
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(3));
  EXPECT_EQ("old", TextOf(folder / "old"));
  EXPECT_EQ("new", TextOf(folder / "new"));
}

TEST(WindowsFile, IsInNobodysWay) {
  Folder folder;
  Write(folder / "file", "text");
  Opened read(Files().open, folder / "file");
  ASSERT_EQ("HPR_OK", Code(read.result));
  EXPECT_EQ("HPR_OK", Rename(folder / "file", folder / "other"));
  EXPECT_EQ("HPR_OK", Unlink(folder / "other"));
}

TEST(WindowsFile, SaysWhoIsInItsWay) {
  Folder folder;
  Write(folder / "file", "text");
  Scanner scanner(folder / "file", 0);
  EXPECT_EQ("HPR_EBUSY", OpenCode(folder / "file"));
}

/* --- the lock ------------------------------------------------------------------------------- */

TEST(WindowsFile, LocksOutOthersInTheSameProcess) {
  Folder folder;
  Opened one(Files().open_lock, folder / "lock"), two(Files().open_lock, folder / "lock");
  EXPECT_EQ("HPR_OK", Code(Files().try_lock(Files().self, one.file)));
  EXPECT_EQ("HPR_EBUSY", Code(Files().try_lock(Files().self, two.file)));
  Files().unlock(Files().self, one.file);
  EXPECT_EQ("HPR_OK", Code(Files().try_lock(Files().self, two.file)));
  two.Close();
  EXPECT_EQ("HPR_OK", Code(Files().try_lock(Files().self, one.file)));
}

TEST(WindowsFile, FreesTheLockOfAProcessThatDied) {
  Folder folder;
  Child holder({"lock", folder / "lock"});
  Opened it(Files().open_lock, folder / "lock");
  EXPECT_EQ("HPR_EBUSY", Code(Files().try_lock(Files().self, it.file)));
  EXPECT_TRUE(IsLocked(folder / "lock"));
  holder.Kill();
  EXPECT_TRUE(Eventually([&] { return Files().try_lock(Files().self, it.file) == 0; }));
}

TEST(WindowsFile, PausesForAMomentAndNotForATick) {
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 20; i++) Files().pause_ms(Files().self, 2);
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(30));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(200));
}

} // namespace
