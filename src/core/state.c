#include "core/state.h"

hpr_ending_request hpr_state_request(const hpr_registry *registry, hpr_reason reason,
                                     hpr_signal signal, int32_t grace_ms, bool tree) {
  return (hpr_ending_request){
      .reason = reason,
      .signal = signal,
      .grace_ms = grace_ms,
      .now_ms = registry->now_ms,
      .began_ms = registry->process.clock_ms(registry->process.self),
      .began_boot_ms = registry->process.boot_ms(registry->process.self),
      .recorded = true,
      .tree = tree,
  };
}
