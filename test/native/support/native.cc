#include "support/native.h"

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

std::string Record(hpr_record_state state) {
  switch (state) {
  case HPR_RECORD_NONE: return "NONE";
  case HPR_RECORD_KNOWN: return "KNOWN";
  case HPR_RECORD_NOBODY: return "NOBODY";
  case HPR_RECORD_OPAQUE: return "OPAQUE";
  }
  return "not a state";
}
