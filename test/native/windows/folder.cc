/* windows/folder.cc: support/folder.h where paths are UTF-16 and there are no modes. */
#include "support/folder.h"

#include <windows.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace fs = std::filesystem;

Folder::Folder() {
  static int number = 0;
  const fs::path path =
      fs::temp_directory_path() / ("hpr-test-" + std::to_string(GetCurrentProcessId()) + "-" +
                                   std::to_string(GetTickCount()) + "-" + std::to_string(number++));
  fs::create_directory(path);
  path_ = path.u8string();
}

/* By the verbatim form: what is in it may have long names. */
Folder::~Folder() {
  std::error_code ignored;
  fs::remove_all(fs::u8path("\\\\?\\" + path_), ignored);
}

std::optional<std::string> TextOf(const std::string &path) {
  std::ifstream stream(fs::u8path(path), std::ios::binary);
  if (!stream) return std::nullopt;
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

void Write(const std::string &path, const std::string &text, mode_t) {
  std::ofstream stream(fs::u8path(path), std::ios::binary | std::ios::trunc);
  stream << text;
  stream.close();
  if (!stream) throw std::runtime_error("cannot write " + path);
}

std::vector<std::string> NamesIn(const std::string &folder) {
  std::vector<std::string> names;
  for (const auto &item : fs::directory_iterator(fs::u8path(folder)))
    names.push_back(item.path().filename().u8string());
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> NamesWith(const std::string &folder, const std::string &part) {
  std::vector<std::string> names;
  for (const std::string &name : NamesIn(folder))
    if (name.find(part) != std::string::npos) names.push_back(name);
  return names;
}
