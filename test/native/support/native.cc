#include "support/native.h"

#include <stdio.h>
#include <string.h>

std::string Code(int result) { return hpr_error_name(result); }

std::string Verdict(hpr_verdict verdict) {
  switch (verdict) {
  case HPR_VERDICT_SAME: return "SAME";
  case HPR_VERDICT_GROUP: return "GROUP";
  case HPR_VERDICT_GONE: return "GONE";
  case HPR_VERDICT_STRANGER: return "STRANGER";
  case HPR_VERDICT_NOT_HERE: return "NOT_HERE";
  case HPR_VERDICT_ELSEWHERE: return "ELSEWHERE";
  case HPR_VERDICT_FOREIGN: return "FOREIGN";
  case HPR_VERDICT_UNKNOWN: return "UNKNOWN";
  }
  return "not a verdict";
}

std::string Record(uint8_t state) {
  switch (state) {
  case HPR_RECORD_NONE: return "NONE";
  case HPR_RECORD_KNOWN: return "KNOWN";
  case HPR_RECORD_NOBODY: return "NOBODY";
  case HPR_RECORD_OPAQUE: return "OPAQUE";
  }
  return "not a state";
}

/* With the time of the boot, which the file has elsewhere. */
std::string BootOf(const hpr_identity &identity) {
  hpr_identity_text text;
  hpr_identity_print(&identity, &text);
  const char *time = strchr(text.clock, '+');
  return std::string(text.boot) + (time ? time : "");
}

/* With the time namespace behind the other. */
std::string BirthOf(const hpr_identity &identity) {
  hpr_identity_text text;
  hpr_identity_print(&identity, &text);
  std::string birth = text.birth;
  if (identity.birth.form == HPR_BIRTH_FULL)
    birth.insert(birth.find('.'), "." + std::to_string(identity.birth.time_namespace));
  return birth;
}

void SetBoot(hpr_identity *identity, const std::string &boot) {
  hpr_identity_text text = {};
  hpr_identity read = {};
  const size_t id = boot.find('+');
  snprintf(text.boot, sizeof text.boot, "%s", boot.substr(0, id).c_str());
  if (id != std::string::npos)
    snprintf(text.clock, sizeof text.clock, "%s", boot.substr(id).c_str());
  hpr_identity_read(&text, &read);
  identity->boot = read.boot;
}

/* A second number that another follows is the time namespace. */
void SetBirth(hpr_identity *identity, const std::string &birth) {
  const auto is_number = [](const std::string &it) {
    return !it.empty() && it.find_first_not_of("0123456789") == std::string::npos;
  };
  const size_t first = birth.find('.');
  const size_t second = first == std::string::npos ? first : birth.find('.', first + 1);
  const size_t third = second == std::string::npos ? second : birth.find('.', second + 1);
  const std::string time =
      second == std::string::npos ? "" : birth.substr(first + 1, second - first - 1);
  const bool timed =
      is_number(time) && second != std::string::npos &&
      is_number(birth.substr(second + 1, third == std::string::npos ? third : third - second - 1));
  const std::string without = timed ? birth.substr(0, first) + birth.substr(second) : birth;
  identity->birth = hpr_birth_read(without.c_str());
  if (timed && identity->birth.form == HPR_BIRTH_FULL)
    identity->birth.time_namespace = static_cast<uint32_t>(std::stoul(time));
}
