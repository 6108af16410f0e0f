/* support/folder.h: a folder that is gone after the test, and what stands in files. */
#ifndef HPR_TEST_SUPPORT_FOLDER_H
#define HPR_TEST_SUPPORT_FOLDER_H

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

class Folder {
public:
  Folder();
  ~Folder();
  Folder(const Folder &) = delete;
  Folder &operator=(const Folder &) = delete;

  const std::string &path() const { return path_; }
  std::string operator/(const std::string &name) const { return path_ + "/" + name; }

private:
  std::string path_;
};

/* Nothing if there is no such file. */
std::optional<std::string> TextOf(const std::string &path);

void Write(const std::string &path, const std::string &text, mode_t mode = 0600);

/* Sorted, without "." and "..". */
std::vector<std::string> NamesIn(const std::string &folder);

/* Those that contain `part`. */
std::vector<std::string> NamesWith(const std::string &folder, const std::string &part);

/* The permission bits, of a link itself and not of what it points to. */
mode_t ModeOf(const std::string &path);

/* How many descriptors this process has open. */
size_t OpenDescriptors();

#endif
