// What some tests need of the machine. A developer may lack it, and the tests are skipped; CI may not.

/**
 * Whether a thing is there.
 *
 * @throws Error in CI when it is not, so that no test is skipped there unseen
 */
export function needs(what: string, isThere: boolean): boolean {
  if (!isThere && process.env['CI']) throw new Error(`CI has no ${what}, and its tests must run there`);
  return isThere;
}
