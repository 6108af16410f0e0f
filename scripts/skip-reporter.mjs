/** For vitest: why a test was skipped. The default reporter only counts. */
export default class SkipReporter {
  onTestCaseResult(test) {
    const { state, note } = test.result();
    if (state === "skipped") console.log(`skipped: ${test.fullName}: ${note ?? "no reason given"}`);
  }
}
