/**
 * Targets that cannot be met, and why: "MEASURE, LIVE" → target → what was tried, and what stands in
 * the way. The targets are those of report.mjs.
 */
export const limits = {};
