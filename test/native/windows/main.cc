/* windows/main.cc: all tests, or one of the children that they start. */
#include <gtest/gtest.h>
#include <windows.h>

#include <shellapi.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "windows/children.h"

extern "C" {
#include "platform/windows/wide.h"
}

/* The arguments of main() have been through a code page that need not know all letters. */
static std::vector<std::string> Arguments() {
  int count = 0;
  std::vector<std::string> arguments;
  wchar_t **wide = CommandLineToArgvW(GetCommandLineW(), &count);
  for (int i = 0; i < count; i++) {
    char *narrow = hpr_narrow(wide[i]);
    arguments.emplace_back(narrow ? narrow : "");
    free(narrow);
  }
  LocalFree(wide);
  return arguments;
}

int main(int argc, char **argv) {
  const std::vector<std::string> arguments = Arguments();
  if (arguments.size() > 2 && arguments[1] == "--role")
    return PlayRole({arguments.begin() + 2, arguments.end()});
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
