/* refuse <errno> <call,call,…> <command…>: the command finds these system calls refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <map>
#include <string>

#include "support/sandbox.h"

int main(int argc, char **argv) {
  /* The younger ones are not in the headers of older systems. */
  const std::map<std::string, int> calls = {
      {"pidfd_open", 434},
      {"pidfd_send_signal", 424},
      {"name_to_handle_at", SYS_name_to_handle_at},
      {"open_by_handle_at", SYS_open_by_handle_at},
  };
  if (argc < 4) return 2;
  std::vector<Withheld> rows;
  for (char *name = strtok(argv[2], ","); name; name = strtok(nullptr, ",")) {
    if (calls.count(name) == 0) return 2;
    rows.push_back({calls.at(name), atoi(argv[1])});
  }
  if (!Withhold(rows)) return perror("seccomp"), 125;
  execvp(argv[3], argv + 3);
  return perror(argv[3]), 127;
}
