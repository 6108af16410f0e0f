/* support/births.cc: the parts of system.h that know how a birth is written. */
#include "support/system.h"

namespace {

std::string Piece(const std::string &birth, size_t index) {
  size_t start = 0;
  for (; index > 0; index--) {
    start = birth.find('.', start);
    if (start == std::string::npos) return "";
    start++;
  }
  return birth.substr(start, birth.find('.', start) - start);
}

/* Where a part stands; the time namespace, which is the last that a test asks for, comes second. */
size_t IndexOf(size_t part) {
  constexpr size_t kIndexes[] = {0, 2, 3, 1};
  return kIndexes[part];
}

} // namespace

std::string PartOf(const std::string &birth, size_t part) { return Piece(birth, IndexOf(part)); }

std::string WithPart(const std::string &birth, size_t part, const std::string &text) {
  std::string changed;
  for (size_t i = 0; i < 4; i++) {
    const std::string piece = i == IndexOf(part) ? text : Piece(birth, i);
    if (!piece.empty()) changed += (i > 0 ? "." : "") + piece;
  }
  return changed;
}

std::string AnotherBirth(const std::string &birth) {
  if (birth.find('.') == std::string::npos) return "1";
  return Piece(birth, 0) + "." + Piece(birth, 1) + ".1";
}
