/* core/owners.h: the other servers whose entries stand in the file. */
#ifndef HPR_CORE_OWNERS_H
#define HPR_CORE_OWNERS_H

#include "platform/process.h"

struct hpr_owner;

typedef struct hpr_owners {
  hpr_identity self;      /* our own process */
  struct hpr_owner *list; /* those that the file named; a utlist */
  uint32_t next_number;
  bool polled; /* one of them is looked at now and then, for lack of descriptors */
} hpr_owners;

/* True if another server process may still look after its entries. Its end is then watched. */
bool hpr_owners_lives(hpr_owners *owners, const hpr_process_ops *process,
                      const hpr_identity *identity);

/* An ordinary write came across an owner. True if it is new to us, and gone: orphans are due. */
bool hpr_owners_meet(hpr_owners *owners, const hpr_process_ops *process,
                     const hpr_identity *identity);

/* Its watch fired. False: nobody has that number. */
bool hpr_owners_exited(hpr_owners *owners, uint64_t number);

void hpr_owners_done(hpr_owners *owners, const hpr_process_ops *process);

#endif
