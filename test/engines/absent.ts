/**
 * In the place of a test that lacks something on this machine: skipped with the reason in its name, and a failure with
 * `EDWIN_REQUIRE_REAL=1`, as in CI.
 */
export function absent(title: string, reason: string): void {
  const name = `${title} (${reason})`;
  if (process.env['EDWIN_REQUIRE_REAL'] === '1')
    test(name, () => {
      throw new Error(`Required by EDWIN_REQUIRE_REAL, and absent: ${reason}`);
    });
  else test.skip(name, () => undefined);
}
