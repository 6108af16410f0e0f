/* support/native.h: the C headers under test, which know nothing of C++, and names for answers. */
#ifndef HPR_TEST_SUPPORT_NATIVE_H
#define HPR_TEST_SUPPORT_NATIVE_H

#include <cstdbool>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>

extern "C" {
#include "base/error.h"
#include "platform/file.h"
#include "platform/identity.h"
#include "platform/process.h"
#include "base/buffer.h"
#include "store/document.h"
#include "store/layout.h"
#include "store/pidfile.h"
#include "store/replace.h"
#include "store/row.h"
#include "store/scan.h"
#include "store/spare.h"
#include "store/timestamp.h"
#include "store/writelock.h"
}

/* "HPR_EINVAL" for HPR_EINVAL, so that a failing test says more than a number. */
std::string Code(int result);

/* "SAME" for HPR_VERDICT_SAME. */
std::string Verdict(hpr_verdict verdict);

/* "KNOWN" for HPR_RECORD_KNOWN. */
std::string Record(uint8_t state);

/* The texts of an identity, as the file shows them. */
std::string BootOf(const hpr_identity &identity);
std::string BirthOf(const hpr_identity &identity);
void SetBoot(hpr_identity *identity, const std::string &boot);
void SetBirth(hpr_identity *identity, const std::string &birth);

#endif
