/* platform/explain.h: what each proof of an identity says by itself, for people. */
#ifndef HPR_PLATFORM_EXPLAIN_H
#define HPR_PLATFORM_EXPLAIN_H

#include "platform/identity.h"

/* See hpr_process_ops.explain. */
void hpr_explain(const hpr_system *system, const hpr_here *here, const hpr_identity *identity,
                 hpr_proof_visit visit, void *context);

#endif
