/* support/padding.h: the blanks of a pid file, which are room for its lines to grow. */
#ifndef HPR_TEST_SUPPORT_PADDING_H
#define HPR_TEST_SUPPORT_PADDING_H

#include <string>

/* The text without the blanks at the ends of its lines. */
std::string WithoutPadding(const std::string &text);

#endif
