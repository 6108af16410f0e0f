/* support/births.cc: the parts of system.h that know how a birth is written. */
#include "support/system.h"

std::string PartOf(const std::string &birth, size_t part) {
  size_t start = 0;
  for (; part > 0; part--) {
    start = birth.find('.', start);
    if (start == std::string::npos) return "";
    start++;
  }
  return birth.substr(start, birth.find('.', start) - start);
}

std::string WithPart(const std::string &birth, size_t part, const std::string &text) {
  std::string changed;
  for (size_t i = 0; i < 3; i++) {
    const std::string piece = i == part ? text : PartOf(birth, i);
    if (!piece.empty()) changed += (i > 0 ? "." : "") + piece;
  }
  return changed;
}

std::string AnotherBirth(const std::string &birth) {
  return birth.find('.') == std::string::npos ? "1" : PartOf(birth, 0) + ".1";
}
