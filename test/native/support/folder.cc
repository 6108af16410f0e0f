#include "support/folder.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

Folder::Folder() {
  const char *parent = getenv("TMPDIR");
  std::string pattern = std::string(parent && *parent ? parent : "/tmp") + "/hpr-test-XXXXXX";
  if (!mkdtemp(pattern.data())) throw std::runtime_error("no temporary folder: " + pattern);
  path_ = pattern;
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::optional<std::string> TextOf(const std::string &path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return std::nullopt;
  std::ostringstream text;
  text << stream.rdbuf(); /* throws nothing, even if a process in /proc is reaped before the read */
  return text.str();
}

void Write(const std::string &path, const std::string &text, mode_t mode) {
  std::ofstream stream(path, std::ios::binary | std::ios::trunc);
  stream << text;
  stream.close();
  if (!stream || chmod(path.c_str(), mode) != 0) throw std::runtime_error("cannot write " + path);
}

std::vector<std::string> NamesIn(const std::string &folder) {
  std::vector<std::string> names;
  for (const auto &item : std::filesystem::directory_iterator(folder))
    names.push_back(item.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> NamesWith(const std::string &folder, const std::string &part) {
  std::vector<std::string> names;
  for (const std::string &name : NamesIn(folder))
    if (name.find(part) != std::string::npos) names.push_back(name);
  return names;
}

mode_t ModeOf(const std::string &path) {
  struct stat st;
  if (lstat(path.c_str(), &st) != 0) throw std::runtime_error("cannot stat " + path);
  return st.st_mode & 07777;
}

size_t OpenDescriptors() {
  size_t count = 0;
  DIR *stream = opendir("/proc/self/fd");
  if (!stream) throw std::runtime_error("cannot list /proc/self/fd");
  for (const struct dirent *item; (item = readdir(stream));)
    if (item->d_name[0] != '.') count++;
  closedir(stream);
  return count - 1; /* the listing's own */
}
