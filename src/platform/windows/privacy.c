#include "platform/windows/privacy.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

#include <sddl.h>

#include "base/error.h"
#include "platform/windows/errors.h"
#include "platform/windows/token.h"

enum { SDDL_SIZE = 512 }; /* twice a SID, which has at most 184 characters as text */

/* --- who we are ----------------------------------------------------------------------------- */

/*
 * Our user, or whom new files of ours belong to: with the rights of an administrator that may be
 * their group, and the original module's file is then the group's.
 */
static int is_us(PSID owner, bool *ret_us) {
  void *user = NULL, *heir = NULL;
  int result = hpr_token_user(&user);
  if (result == 0) result = hpr_token_heir(&heir);
  if (result == 0)
    *ret_us = EqualSid(owner, ((TOKEN_USER *)user)->User.Sid) ||
              EqualSid(owner, ((TOKEN_OWNER *)heir)->Owner);
  free(user);
  free(heir);
  return result;
}

/* --- new files ------------------------------------------------------------------------------ */

/* In the security descriptor definition language: D:P keeps out what the folder hands down. */
static int compose(const char *user, bool folder, void **ret_descriptor) {
  char text[SDDL_SIZE];
  snprintf(text, sizeof text, "O:%sD:P(A;%s;FA;;;%s)", user, folder ? "OICI" : "", user);
  return ConvertStringSecurityDescriptorToSecurityDescriptorA(text, SDDL_REVISION_1, ret_descriptor,
                                                              NULL)
             ? 0
             : hpr_error_last();
}

int hpr_privacy_init(hpr_privacy *privacy, bool folder) {
  void *user;
  char *name;
  int result = hpr_token_user(&user);
  if (result != 0) return result;
  if (!ConvertSidToStringSidA(((TOKEN_USER *)user)->User.Sid, &name)) result = hpr_error_last();
  free(user);
  if (result != 0) return result;
  result = compose(name, folder, &privacy->descriptor);
  LocalFree(name);
  return result;
}

void hpr_privacy_done(hpr_privacy *privacy) { LocalFree(privacy->descriptor); }

/* --- files that are there ------------------------------------------------------------------- */

static bool is_everybody(PSID who) {
  static const WELL_KNOWN_SID_TYPE groups[] = {
      WinWorldSid,       WinAuthenticatedUserSid, WinBuiltinUsersSid, WinBuiltinGuestsSid,
      WinInteractiveSid, WinNetworkSid,           WinAnonymousSid,    WinLocalSid,
  };
  for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
    if (IsWellKnownSid(who, groups[i])) return true;
  return false;
}

static bool lets_everybody_write(const ACE_HEADER *ace) {
  const ACCESS_MASK writing =
      FILE_WRITE_DATA | FILE_APPEND_DATA | WRITE_DAC | WRITE_OWNER | GENERIC_WRITE | GENERIC_ALL;
  if (ace->AceType != ACCESS_ALLOWED_ACE_TYPE || ace->AceFlags & INHERIT_ONLY_ACE) return false;
  const ACCESS_ALLOWED_ACE *allowed = (const ACCESS_ALLOWED_ACE *)ace;
  return (allowed->Mask & writing) != 0 && is_everybody((PSID)&allowed->SidStart);
}

/* Who is denied something is not looked at: that could only make it safer than we think. */
static bool is_open_to_all(PSECURITY_DESCRIPTOR descriptor) {
  BOOL present, defaulted;
  PACL list;
  if (!GetSecurityDescriptorDacl(descriptor, &present, &list, &defaulted)) return true;
  if (!present || !list) return true; /* no list at all lets everybody do everything */
  for (DWORD i = 0; i < list->AceCount; i++) {
    void *ace;
    if (!GetAce(list, i, &ace) || lets_everybody_write(ace)) return true;
  }
  return false;
}

static int read_descriptor(HANDLE file, PSECURITY_DESCRIPTOR *ret_descriptor) {
  const SECURITY_INFORMATION what = OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;
  DWORD size = 0;
  if (!GetKernelObjectSecurity(file, what, NULL, 0, &size) &&
      GetLastError() != ERROR_INSUFFICIENT_BUFFER)
    return hpr_error_last();
  void *descriptor = malloc(size);
  if (!descriptor) return HPR_ENOMEM;
  if (!GetKernelObjectSecurity(file, what, descriptor, size, &size)) {
    const int result = hpr_error_last();
    free(descriptor);
    return result;
  }
  *ret_descriptor = descriptor;
  return 0;
}

int hpr_privacy_look(void *file, bool *ret_ours, bool *ret_writable_by_all) {
  PSECURITY_DESCRIPTOR descriptor = NULL;
  PSID owner;
  BOOL defaulted;
  int result = read_descriptor(file, &descriptor);
  if (result != 0) return result;
  *ret_ours = false;
  *ret_writable_by_all = is_open_to_all(descriptor);
  if (GetSecurityDescriptorOwner(descriptor, &owner, &defaulted) && owner)
    result = is_us(owner, ret_ours);
  free(descriptor);
  return result;
}
