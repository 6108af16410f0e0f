#include "support/padding.h"

#include <algorithm>

std::string WithoutPadding(const std::string &text) {
  std::string result;
  for (size_t at = 0; at < text.size(); at++) {
    const size_t end = std::min(text.find_first_not_of(' ', at), text.size());
    const char next = end < text.size() ? text[end] : '\n';
    const bool ends_line = next == '\n' || text.compare(end, 2, ",\n") == 0;
    if (text[at] == ' ' && ends_line)
      at = end - 1;
    else
      result += text[at];
  }
  return result;
}
