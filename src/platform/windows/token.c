#include "platform/windows/token.h"

#include <stdlib.h>
#include <windows.h>

#include "base/error.h"
#include "platform/windows/errors.h"

static int read_answer(HANDLE token, TOKEN_INFORMATION_CLASS what, void **ret_answer) {
  DWORD size = 0;
  GetTokenInformation(token, what, NULL, 0, &size);
  void *answer = malloc(size);
  if (!answer) return HPR_ENOMEM;
  if (!GetTokenInformation(token, what, answer, size, &size)) {
    const int result = hpr_error_last();
    free(answer);
    return result;
  }
  *ret_answer = answer;
  return 0;
}

static int ask(HANDLE process, TOKEN_INFORMATION_CLASS what, void **ret_answer) {
  HANDLE token;
  if (!OpenProcessToken(process, TOKEN_QUERY, &token)) return hpr_error_last();
  const int result = read_answer(token, what, ret_answer);
  CloseHandle(token);
  return result;
}

int hpr_token_user(void **ret_user) { return ask(GetCurrentProcess(), TokenUser, ret_user); }

int hpr_token_heir(void **ret_heir) { return ask(GetCurrentProcess(), TokenOwner, ret_heir); }

bool hpr_token_is_ours(void *process) {
  void *its = NULL, *own = NULL;
  const bool told = ask(process, TokenUser, &its) == 0 && hpr_token_user(&own) == 0;
  /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): both are told */
  const bool ours = told && EqualSid(((TOKEN_USER *)its)->User.Sid, ((TOKEN_USER *)own)->User.Sid);
  free(its);
  free(own);
  return ours;
}
