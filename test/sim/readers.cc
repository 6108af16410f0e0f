/* sim/readers.cc: somebody who reads the file and takes his time, and what the file promises him.
 */
#include "sim/story.h"

namespace sim {

namespace {

/* For an exit that the native watch alone tells, after a turn that may have waited for the lock. */
constexpr int64_t kLatestMs = 20 + 200;

} // namespace

void Story::ReaderComes() {
  if (reader_) return;
  const Acting acting(kernel_.shell());
  const hpr_file_ops *ops = disk_.ops();
  if (ops->open(&disk_, kPidFile, &reader_) != 0) reader_ = 0;
  if (reader_) read_ = disk_.Read(kPidFile).value_or("");
}

/* What he has open is what it was, whatever has its name by now. */
void Story::ReaderLeaves() {
  if (!reader_) return;
  const Acting acting(kernel_.shell());
  std::string text(read_.size() + 1, '\0');
  size_t count = 0;
  if (disk_.ops()->read(&disk_, reader_, text.data(), text.size(), &count) != 0) return;
  text.resize(count);
  if (text != read_) truth_.Break("a reader saw the file change, from " + read_ + " to " + text);
  disk_.ops()->close(&disk_, reader_);
  reader_ = 0;
}

void Story::CheckFile() {
  if (!disk_.broken.empty()) truth_.Break(disk_.broken);
  for (const Server *server : Open()) {
    if (server->is_calling() || !server->HasExitsToWrite()) continue;
    const std::optional<int64_t> timer = server->NextTimer();
    if (!timer || *timer > kernel_.ClockMs() + kLatestMs)
      truth_.Break("an exit will not be in the file in time");
  }
}

} // namespace sim
